/** `pillion git-sync rollback` with a running sync, by the program itself. */
import { mkdir, readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createRepository } from '../../../support/git-repository.ts';
import { runPillion, startPillion } from '../../../support/pillion.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';

const temp = useTempDir();

async function makeScene(...flags: string[]) {
  const repository = await createRepository(temp.join('repo.git'));
  const first = await repository.commit({ file: 'first\n' });
  await mkdir(temp.join('state'));
  const args = [
    'git-sync',
    `--repo=${repository.url}`,
    `--root=${temp.join('root')}`,
    '--link=link',
    '--keep-revisions=2',
    `--state-dir=${temp.join('state')}`,
    ...flags,
  ];
  const start = async () => {
    const running = await startPillion([...args, '--http-bind=127.0.0.1:0', '--http-metrics']);
    onTestFinished(async () => {
      await running.stop();
    });
    return running;
  };
  const rollback = (...more: string[]) =>
    runPillion(['git-sync', 'rollback', `--state-dir=${temp.join('state')}`, ...more]);
  const content = () => readFile(temp.join('root/link/file'), 'utf8').catch(() => '');
  const becomes = (text: string) =>
    waitFor(async () => (await content()) === text, { what: `the file to be ${text}` });
  return { repository, first, args, start, rollback, content, becomes };
}

const portOf = (stderr: string) => /"endpoint":"([^"]+)"/.exec(stderr)?.[1] ?? '';

it('a rollback reaches the running sync at once, is shown, survives a restart, and is released', async () => {
  // Nothing but the rollback starts a pass.
  const { repository, first, start, rollback, content, becomes, args } = await makeScene('--period=1h');
  const running = await start();
  await becomes('first\n');
  const second = await repository.commit({ file: 'second\n' });
  await running.stop();
  expect((await runPillion([...args, '--one-time'])).code).toBe(0);
  expect(await content()).toBe('second\n');
  const again = await start();
  await again.waitForLog('updated successfully');

  const listed = await rollback('--list');
  expect(listed.stdout).toMatch(new RegExp(`^${first}  \\S+\\n${second}  \\S+  published\\n$`));
  const back = await rollback();
  expect(back, back.stderr).toMatchObject({ code: 0 });
  expect(back.stdout).toContain(`${first} is published until it is released`);
  expect(await content()).toBe('first\n');

  const endpoint = `http://${portOf(again.stderr())}`;
  const status = (await (await fetch(`${endpoint}/status`)).json()) as Record<string, unknown>;
  expect(status).toMatchObject({ hash: first, rollback: { hash: first } });
  expect(await (await fetch(`${endpoint}/metrics`)).text()).toContain('git_sync_rolled_back 1');
  expect((await fetch(`${endpoint}/readyz`)).status).toBe(200);
  expect(again.stderr()).toContain('rolled back: the ref is not followed');

  await again.stop();
  const third = await start();
  await third.waitForLog('updated successfully');
  expect(await content()).toBe('first\n');
  const released = await rollback('--release');
  expect(released.stdout).toContain('the ref is followed again');
  expect(await content()).toBe('second\n');
});

it('a rollback without a running sync is recorded, and done by the next', async () => {
  const { repository, first, args, rollback, content } = await makeScene();
  await runPillion([...args, '--one-time']);
  await repository.commit({ file: 'second\n' });
  await runPillion([...args, '--one-time']);
  const waited = await rollback(first.slice(0, 7), '--wait=300ms');
  expect(waited.code).toBe(1);
  expect(waited.stderr).toContain('is recorded, but no git-sync has done it yet');
  expect(await content()).toBe('second\n');
  expect((await runPillion([...args, '--one-time'])).code).toBe(0);
  expect(await content()).toBe('first\n');
  expect((await rollback('--release', '--wait=0')).stdout).toContain('the release is recorded');
});

it('a rollback that nobody has done yet is shown as such, and a release is no more done than recorded', async () => {
  const { repository, first, args, rollback, content } = await makeScene();
  await runPillion([...args, '--one-time']);
  const second = await repository.commit({ file: 'second\n' });
  await runPillion([...args, '--one-time']);
  await rollback('--wait=0');
  expect((await rollback('--list')).stdout).toMatch(
    new RegExp(`^${first}  \\S+  pinned, not yet published\\n${second}  \\S+  published\\n$`),
  );
  const released = await rollback('--release', '--wait=300ms');
  expect(released.code).toBe(1);
  expect(released.stderr).toContain('the release is recorded, but no git-sync has done it yet');
  expect((await rollback('--list')).stdout).toContain('released: no git-sync has taken note yet');
  expect((await runPillion([...args, '--one-time'])).code).toBe(0);
  expect((await rollback('--list')).stdout).not.toContain('released');
  expect(await content()).toBe('second\n');
});

it('a rollback to what there is not is refused, and changes nothing', async () => {
  const { args, rollback } = await makeScene();
  expect((await rollback()).stderr).toContain('no git-sync has kept revisions');
  await runPillion([...args, '--one-time']);
  for (const name of [[], ['ffff'], ['../..'], ['a'.repeat(100_000)]]) {
    const result = await rollback(...name);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('among the revisions');
  }
  expect((await rollback('a', 'b')).code).toBe(2);
  expect((await rollback('--list')).stdout).not.toContain('pinned');
});
