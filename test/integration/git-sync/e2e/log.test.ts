import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { writeProgram } from '../safety/support.ts';
import { makeScene, type Scene } from './scene.ts';

interface Line {
  readonly logger: string;
  readonly ts: string;
  readonly caller: { readonly file: string; readonly line: number };
  readonly level?: number;
  readonly msg: string;
  readonly error?: string | null;
}

const parse = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

/** The log of a first sync, a change and three passes without one. */
async function logAt(scene: Scene, verbosity: number): Promise<Line[]> {
  const sync = await scene.start([`-v=${verbosity}`, '--period=50ms']);
  await sync.synced();
  await scene.commit('changed');
  await sync.synced();
  const noop = 'git_sync_count_total{status="noop"}';
  await waitFor(async () => ((await sync.metric(noop)) ?? 0) > 3, { what: 'passes without a change' });
  return parse(sync.stderr());
}

describe('the log', () => {
  it('is one JSON object per line, with the keys of git-sync', async (test) => {
    const scene = await makeScene(test);
    const hook = await installFake(scene.join('bin'), 'hook-record', { OUTPUT: scene.join('runs'), CODE: 1 });
    const { stderr } = await scene.run(['--one-time', '-v=9', `--exechook-command=${hook.path}`]);
    const lines = parse(stderr);
    for (const line of lines) {
      expect(Object.keys(line).slice(0, 3)).toEqual(['logger', 'ts', 'caller']);
      expect(line.ts).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
      expect(line.caller).toEqual({ file: expect.any(String), line: expect.any(Number) });
      // Errors have no level, and only they have an error.
      expect('level' in line).toBe(!('error' in line));
      expect(['', 'exechook']).toContain(line.logger);
    }
    const failure = lines.find((line) => line.msg === 'hook failed');
    expect(failure).toMatchObject({ logger: 'exechook', hash: await scene.repo.hash() });
    const time = new Date(`${lines[0]?.ts.replace(' ', 'T')}`).getTime();
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
  });

  it('says at 0 what has changed, and nothing while nothing does', async (test) => {
    const scene = await makeScene(test);
    const first = await scene.repo.hash();
    const lines = await logAt(scene, 0);
    const second = await scene.repo.hash();
    const of = (msg: string) => lines.filter((line) => line.msg === msg);
    expect(of('update required')).toMatchObject([
      { ref: 'HEAD', local: '', remote: first, syncCount: 0 },
      { ref: 'HEAD', local: first, remote: second, syncCount: 1 },
    ]);
    expect(of('updated successfully')).toMatchObject([
      { ref: 'HEAD', remote: first, syncCount: 1 },
      { ref: 'HEAD', remote: second, syncCount: 2 },
    ]);
    expect(lines.at(-1)?.msg).toBe('updated successfully');
    expect(lines.every((line) => line.level === 0)).toBe(true);
  });

  const LEVELS = [
    [1, ['adding worktree', 'reset worktree to hash', 'removing worktree'], 'fetching'],
    [2, ['fetching', 'creating and renaming symlink'], 'next sync'],
    [3, ['syncing', 'next sync'], 'running command'],
    [5, ['running command'], 'command result'],
    [6, ['command result'], 'none'],
  ] as const;
  it.for(LEVELS)('says at %s also %s, not yet %s', async ([verbosity, present, absent], test) => {
    const lines = await logAt(await makeScene(test), verbosity);
    const said = new Set(lines.map((line) => line.msg));
    for (const message of present) {
      expect(said).toContain(message);
    }
    expect(said).not.toContain(absent);
  });

  it('has at 3 the wait and the number of syncs of each pass', async (test) => {
    const scene = await makeScene(test);
    const sync = await scene.start(['-v=3', '--period=1m30s']);
    const line = await sync.waitForLog('"msg":"next sync"');
    expect(JSON.parse(line)).toMatchObject({ waitTime: '1m30s', syncCount: 1 });
  });

  it('makes ssh talk, the more the higher it is', async (test) => {
    const scene = await makeScene(test);
    const script = scene.join('tell.sh');
    await writeProgram(script, `echo "$GIT_SSH_COMMAND" >'${scene.join('told')}'`);
    for (const [verbosity, expected] of [
      [4, /^ssh -i/],
      [5, /^ssh -v -i/],
      [7, /^ssh -vv -i/],
      [9, /^ssh -vvv -i/],
    ] as const) {
      const flags = [`-v=${verbosity}`, `--exechook-command=${script}`, '--ssh-key-file=/key one'];
      await scene.once(flags);
      const command = await scene.read(scene.join('told'));
      expect(command).toMatch(expected);
      expect(command).toMatch(
        / -i '\/key one' -o StrictHostKeyChecking=yes -o UserKnownHostsFile=\/etc\/git-secret\/known_hosts$/,
      );
    }
  });
});
