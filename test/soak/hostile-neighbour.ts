/**
 * `npx node test/soak/hostile-neighbour.ts [--minutes 60] [--seed 1]`: git-sync follows a repository into which commits
 * arrive all the time, over HTTP, while a neighbour does what it can to the root. Ends with 1 when a commit was neither
 * published nor answered by a clear error, a reader saw a mixture, something outside the root was touched, or memory,
 * descriptors or threads grew.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commitVersion } from '../integration/git-sync/safety/tree.ts';
import { createRepository } from '../support/git-repository.ts';
import { startHttpGitServer } from '../support/http-git-server.ts';
import { startPillion } from '../support/pillion.ts';
import { makeTempDir, removeTempDir } from '../support/temp.ts';
import { excess, type Figures, figuresOf, processIsThere } from './figures.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? '60');
const seed = values.seed ?? '1';
const PATIENCE_MS = 60_000;

/** Everything below a directory: names, kinds, modes, contents. */
async function fingerprint(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(directory, { recursive: true })).toSorted()) {
    const status = await lstat(path.join(directory, name));
    hash.update(`${name}\0${status.mode}\0`);
    hash.update(status.isFile() ? await readFile(path.join(directory, name)) : '');
  }
  return hash.digest('hex');
}

async function makeOutside(directory: string): Promise<void> {
  const repository = await createRepository(path.join(directory, 'repository'));
  await repository.commit({ file: 'not yours\n' });
  for (const name of [
    'yarn.lock',
    'tmp_x',
    'gc.pid',
    'config',
    'HEAD',
    'objects/pack/tmp_pack_1',
    'hooks/post-checkout',
  ]) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), `${name}: not yours\n`, { mode: 0o600 });
  }
}

async function main(): Promise<string[]> {
  const temp = await makeTempDir('pillion-soak-');
  const [served, root, outside] = ['served', 'root', 'outside'].map((name) => path.join(temp, name)) as [
    string,
    string,
    string,
  ];
  await makeOutside(outside);
  const before = await fingerprint(outside);
  const repository = await createRepository(path.join(served, 'repo.git'));
  await commitVersion(repository, 1);
  const server = await startHttpGitServer({ root: served });
  const running = await startPillion([
    'git-sync',
    `--repo=${server.repositoryUrl('repo.git')}`,
    `--root=${root}`,
    '--link=link',
    '--period=200ms',
    '--sync-timeout=20s',
    '--max-failures=-1',
    '--http-bind=127.0.0.1:0',
    '--http-metrics',
  ]);
  await running.waitForLog('updated successfully');
  const program = (name: string, ...args: string[]) => {
    const file = fileURLToPath(new URL(name, import.meta.url));
    return spawn(process.execPath, [file, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
  };
  const neighbour = program('neighbour.ts', root, outside, seed);
  await once(neighbour.stdout, 'data');
  const reader = program('../integration/git-sync/safety/programs/reader.ts', path.join(root, 'link'));
  let readerSaid = '';
  reader.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    readerSaid += chunk;
  });
  const violations: string[] = [];
  const figures: Figures[] = [];
  let published = 0;
  let withError = 0;
  const end = Date.now() + minutes * 60_000;
  let nextFigures = 0;
  for (let version = 2; Date.now() < end; version += 1) {
    const line = running.lines().length;
    const hash = await commitVersion(repository, version);
    const patience = Date.now() + PATIENCE_MS;
    const isPublished = async () =>
      path.basename(await readlink(path.join(root, 'link')).catch(() => '')) === hash;
    const clearErrors = () =>
      running
        .lines()
        .slice(line)
        .filter((text) => text.includes('"code":"') && !text.includes('"code":"internal_error"'));
    while (!(await isPublished()) && Date.now() < patience && processIsThere(running.pid)) {
      await delay(50);
    }
    if (await isPublished()) {
      published += 1;
    } else if (clearErrors().length > 0) {
      withError += 1;
    } else {
      violations.push(
        `version ${version} was neither published nor answered by an error within ${PATIENCE_MS / 1000} s`,
      );
    }
    if (!processIsThere(running.pid)) {
      violations.push(`git-sync ended: ${running.lines().slice(-3).join('\n')}`);
      break;
    }
    if (Date.now() > nextFigures) {
      nextFigures = Date.now() + 30_000;
      figures.push(await figuresOf(running.pid));
      const now = figures.at(-1);
      console.log(
        `${new Date().toISOString()} commits ${version} published ${published} with an error ${withError} resident ${now?.residentKib} KiB descriptors ${now?.descriptors} threads ${now?.threads}`,
      );
      if ((await fingerprint(outside)) !== before) {
        violations.push('something outside the root was touched');
        break;
      }
    }
    await delay(500);
  }
  neighbour.kill('SIGKILL');
  reader.stdin.end();
  await once(reader, 'exit');
  const report = JSON.parse(readerSaid) as { rounds: number; versions: string[]; violations: string[] };
  violations.push(...report.violations.map((text) => `torn read: ${text}`));
  console.log(
    JSON.stringify({
      minutes,
      published,
      withError,
      readerRounds: report.rounds,
      readerVersions: report.versions.length,
    }),
  );
  const tooMuch = excess(figures);
  if (tooMuch !== undefined) {
    violations.push(tooMuch);
  }
  if ((await fingerprint(outside)) !== before) {
    violations.push('something outside the root was touched');
  }
  if (running.stderr().includes('internal_error')) {
    violations.push(`an internal error: ${running.lines().find((text) => text.includes('internal_error'))}`);
  }
  await writeFile(path.join(temp, 'log'), running.stderr());
  await running.stop();
  await server.stop();
  if (violations.length === 0) {
    await removeTempDir(temp);
  } else {
    console.log(`the log and the root are kept in ${temp}`);
  }
  return violations;
}

const violations = await main();
violations.forEach((text) => console.log(`VIOLATION ${text}`));
console.log(violations.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exitCode = violations.length === 0 ? 0 : 1;
