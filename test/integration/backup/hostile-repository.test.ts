import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createDirEngine } from '../../../src/backup/engines/dir/engine.ts';
import { createGitEngine } from '../../../src/backup/engines/git/engine.ts';
import { backUp, newest, restore, testContext, work } from '../../../src/backup/testing/engine-checks.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

// Whoever may write to the repository decides what is restored, and nothing else: not where.
const temp = useTempDir();
const outside = () => temp.join('outside');

async function makeVolume(): Promise<string> {
  const volume = temp.join('volume');
  await mkdir(`${volume}/d`, { recursive: true });
  await mkdir(outside());
  await writeFile(`${volume}/a`, 'evil');
  await writeFile(`${volume}/d/b`, 'evil');
  await symlink(outside(), `${volume}/l`);
  return volume;
}

const HASH = createHash('sha256').update('evil').digest('hex');
const file = (path: string) =>
  `${path} type=file mode=0644 uid=0 gid=0 time=1.000000000 size=4 sha256=${HASH}`;
const ROOT = '. type=dir mode=0755 uid=0 gid=0 time=1.000000000';
const LINK = (target: string) => `./l type=link mode=0777 uid=0 gid=0 time=1.000000000 link=${target}`;

function manifestOf(lines: readonly string[]): string {
  const body = `#mtree\n# made by pillion, version 1\n${lines.map((line) => `${line}\n`).join('')}`;
  const files = lines.filter((line) => line.includes(' type=file ')).length;
  const sum = createHash('sha256').update(body).digest('hex');
  return `${body}# end entries=${lines.length} files=${files} bytes=${files * 4} sha256=${sum}\n`;
}

const HOSTILE: Readonly<Record<string, () => readonly string[]>> = {
  'a way out': () => [ROOT, file('./../outside/evil')],
  'an escaped way out': () => [ROOT, file(String.raw`./\056\056/outside/evil`)],
  'an absolute path': () => [ROOT, file(`${outside()}/evil`)],
  'a link as a parent': () => [ROOT, LINK(outside()), file('./l/evil')],
  'a link that becomes a directory': () => [
    ROOT,
    LINK(outside()),
    './l type=dir mode=0755 uid=0 gid=0 time=1.000000000',
    file('./l/evil'),
  ],
  'no volume above': () => [file('./evil')],
  'a volume that is a link': () => [
    `. type=link mode=0777 uid=0 gid=0 time=1.000000000 link=${outside()}`,
    file('./evil'),
  ],
  'more bytes than there are disks': () => [ROOT, file('./a').replace('size=4', 'size=9007199254740991')],
};

describe('a manifest with', () => {
  it.each(Object.entries(HOSTILE))('%s writes nothing outside of the volume', async (_, lines) => {
    const engine = createDirEngine(temp.join('repository'), testContext(temp.path));
    await engine.init(work.signal);
    const { snapshot } = await backUp(engine, await makeVolume(), temp.path);
    const text = manifestOf(lines());
    const base = `${temp.join('repository')}/snapshots/${snapshot.id}`;
    await writeFile(`${base}.mtree`, text);
    const record = JSON.parse(await readFile(`${base}.json`, 'utf8')) as object;
    const manifest = createHash('sha256').update(text).digest('hex');
    await writeFile(`${base}.json`, JSON.stringify({ ...record, manifest }));
    await expect(restore(engine, snapshot, temp.join('restored'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(manifest_invalid|no_space|restore_failed)$/),
    });
    expect(existsSync(`${outside()}/evil`)).toBe(false);
    expect(existsSync(temp.join('restored/outside'))).toBe(false);
  });
});

/** A commit whose tree nobody has checked. */
async function commitTree(entries: readonly string[]): Promise<void> {
  const repository = temp.join('data.git');
  const git = (args: readonly string[], input: string | Buffer = '') =>
    spawnSync('git', ['-C', repository, ...args], { input, encoding: 'latin1' }).stdout.trim();
  spawnSync('git', ['init', '-q', '--bare', repository]);
  const blob = git(['hash-object', '-w', '--stdin'], 'evil');
  const link = git(['hash-object', '-w', '--stdin'], outside());
  const inner = git(
    ['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'],
    treeOf([`100644 evil ${blob}`]),
  );
  const lines = entries.map((entry) =>
    entry.replace('BLOB', blob).replace('LINK', link).replace('TREE', inner),
  );
  const tree = git(['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'], treeOf(lines));
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
  const commit = git([...identity, 'commit-tree', '-m', 'x', tree]);
  git(['update-ref', 'refs/heads/data', commit]);
}

/** Entries as `MODE NAME HASH`. */
const treeOf = (lines: readonly string[]): Buffer =>
  Buffer.concat(
    lines.map((line) => {
      const [mode = '', name = '', hash = ''] = line.split(' ');
      return Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(hash, 'hex')]);
    }),
  );

describe('a commit with', () => {
  it.each<[string, readonly string[]]>([
    ['a way out', ['100644 .. BLOB']],
    ['a directory that is a way out', ['40000 .. TREE']],
    ['an entry that is a path', ['100644 ../outside/evil BLOB']],
    ['an absolute path', ['100644 /etc/evil BLOB']],
    ['a link and a directory of one name', ['120000 l LINK', '40000 l TREE']],
  ])('%s writes nothing outside of the volume', async (_, entries) => {
    await mkdir(outside());
    await commitTree(entries);
    const engine = createGitEngine(
      {
        url: `file://${temp.join('data.git')}`,
        branch: 'data',
        shown: 'x',
        sshKeyFiles: [],
        sshKnownHostsFile: '',
        callTimeoutMs: 20_000,
      },
      testContext(temp.path),
    );
    const snapshot = await newest(engine);
    await expect(restore(engine, snapshot, temp.join('restored'))).rejects.toBeDefined();
    expect(existsSync(`${outside()}/evil`)).toBe(false);
    expect(existsSync(temp.join('restored/outside'))).toBe(false);
  });
});
