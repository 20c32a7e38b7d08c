import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tryProgram } from '../../../test/support/run-program.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { systemClock } from '../../core/clock.ts';
import { lockRoot, type RootLock, type RootLockInit } from './root-lock.ts';

const dir = useTempDir();
const PROGRAM = fileURLToPath(new URL('testing/hold-root-lock.ts', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

interface Taken {
  readonly lock: RootLock;
  readonly waitedFor: string[];
  readonly dead: string[];
}

/** Takes the lock in this process; what it was told on the way is in the result. */
async function take(more: Partial<RootLockInit> = {}): Promise<Taken> {
  const waitedFor: string[] = [];
  const dead: string[] = [];
  const lock = await lockRoot({
    root: dir.path,
    clock: systemClock,
    signal: new AbortController().signal,
    onWait: (owner) => waitedFor.push(owner),
    onDeadOwner: async (id) => {
      dead.push(id);
    },
    ...more,
  });
  onTestFinished(async () => lock.release());
  return { lock, waitedFor, dead };
}

interface Holder {
  readonly child: ChildProcessWithoutNullStreams;
  readonly id: string;
  output(): string;
  /** Lets it release the lock and end. */
  release(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Another process that holds the lock. */
async function startHolder(): Promise<Holder> {
  const child = spawn(process.execPath, [PROGRAM, 'hold', dir.path], { cwd: PROJECT });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const id = await waitFor(() => /^holds (.+)$/m.exec(text)?.[1], { what: 'the holder to have the lock' });
  return {
    child,
    id,
    output: () => text,
    async release() {
      child.stdin.end();
      await exited;
    },
    async kill(signal) {
      child.kill(signal);
      if (signal === 'SIGKILL') {
        await exited;
      }
    },
  };
}

const abortedIn = (ms: number) => AbortSignal.timeout(ms);

describe('the lock of a root', () => {
  it('leaves nothing behind when it is released', async () => {
    const { lock } = await take();
    expect((await readdir(dir.path)).sort()).toEqual(['.pillion-lock', `.pillion-lock-${lock.id}.sock`]);
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('goes to the next when it is released, who is told once that it waits and for whom', async () => {
    const { lock } = await take();
    const next = take();
    await systemClock.sleep(300);
    await lock.release();
    expect(await next).toMatchObject({ waitedFor: [lock.id], dead: [] });
  });

  it('is waited for across processes', async () => {
    const holder = await startHolder();
    const next = take();
    await systemClock.sleep(150);
    await holder.release();
    expect(await next).toMatchObject({ waitedFor: [holder.id], dead: [] });
  });

  it('that is not to be had in time is a busy root, and the one who waited leaves nothing', async () => {
    const { lock } = await take();
    await expect(take({ signal: abortedIn(150) })).rejects.toMatchObject({
      code: 'root_busy',
      message: expect.stringContaining(lock.id),
      hint: expect.stringContaining('--root'),
    });
    expect((await readdir(dir.path)).filter((name) => name.endsWith('.sock'))).toHaveLength(1);
  });

  it('works below a path that is longer than a socket address', async () => {
    const root = dir.join(...Array.from({ length: 10 }, () => 'a-rather-long-name-of-a-directory'));
    await mkdir(root, { recursive: true });
    const { lock } = await take({ root });
    await expect(take({ root, signal: abortedIn(150) })).rejects.toMatchObject({ code: 'root_busy' });
    await lock.release();
    await take({ root });
  });
});

describe('the lock of an owner that died', () => {
  it('is taken over at once, after its id was handed on', async () => {
    const holder = await startHolder();
    await holder.kill('SIGKILL');
    const { lock, waitedFor, dead } = await take({ signal: abortedIn(5000) });
    expect({ waitedFor, dead }).toEqual({ waitedFor: [], dead: [holder.id] });
    await lock.release();
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('is not taken over from one that is only stopped', async () => {
    const holder = await startHolder();
    await holder.kill('SIGSTOP');
    await expect(take({ signal: abortedIn(400) })).rejects.toMatchObject({ code: 'root_busy' });
    await holder.kill('SIGCONT');
    await holder.release();
    expect((await take()).dead).toEqual([]);
  });

  it('is dead without a socket, as when only half of it was copied', async () => {
    await symlink('0123456789ab-abcdef', dir.join('.pillion-lock'));
    expect((await take()).dead).toEqual(['0123456789ab-abcdef']);
  });

  it('of another machine counts as living as long as its heart beats, and as dead a minute later', async () => {
    const other = 'ffffffffffff-other';
    await symlink(other, dir.join('.pillion-lock'));
    await writeFile(dir.join(`.pillion-lock-${other}.sock`), '');
    await expect(take({ signal: abortedIn(250) })).rejects.toMatchObject({ code: 'root_busy' });
    const old = Date.now() / 1000 - 61;
    await utimes(dir.join(`.pillion-lock-${other}.sock`), old, old);
    expect((await take()).dead).toEqual([other]);
  });

  it('names what it likes and removes nothing outside the root', async () => {
    const root = dir.join('root');
    await mkdir(root);
    await writeFile(dir.join('precious.sock'), 'mine');
    await mkdir(`${root}/.pillion-lock-x`);
    await symlink('x/../../precious', `${root}/.pillion-lock`);
    await take({ root, signal: abortedIn(5000) });
    expect(await readFile(dir.join('precious.sock'), 'utf8')).toBe('mine');
  });

  it('leaves sockets that the next owner removes, but never those of one who still waits', async () => {
    await writeFile(dir.join('.pillion-lock-dead-0123-old'), '');
    const { lock } = await take();
    const waiting = take();
    await waitFor(async () => (await readdir(dir.path)).length === 3, { what: 'the one who waits' });
    await lock.release();
    const { lock: next } = await waiting;
    expect((await readdir(dir.path)).sort()).toEqual(['.pillion-lock', `.pillion-lock-${next.id}.sock`]);
  });

  it('fails to be taken over when what it left running cannot be ended, and is free for the next try', async () => {
    await symlink('0123456789ab-dead', dir.join('.pillion-lock'));
    const onDeadOwner = () => Promise.reject(new Error('cannot end it'));
    await expect(take({ onDeadOwner })).rejects.toThrow('cannot end it');
    expect((await take()).dead).toEqual(['0123456789ab-dead']);
  });
});

describe('several processes on one root', () => {
  it('never work at the same time', async () => {
    await writeFile(dir.join('count'), '0');
    const workers = Array.from({ length: 3 }, async () =>
      tryProgram(process.execPath, [PROGRAM, 'count', dir.path, '8'], { cwd: PROJECT }),
    );
    const results = await Promise.all(workers);
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(
      Array.from({ length: 3 }, () => [0, '']),
    );
    expect(await readFile(dir.join('count'), 'utf8')).toBe('24');
  });

  it('agree on one successor of a dead owner', async () => {
    for (let round = 0; round < 4; round += 1) {
      await symlink(`0123456789ab-dead${round}`, dir.join('.pillion-lock'));
      const all = Array.from({ length: 4 }, async () => take());
      const winner = await Promise.race(all);
      await systemClock.sleep(30);
      const inHand = await Promise.all(
        all.map(async (one) => Promise.race([one.then(() => true), systemClock.sleep(0).then(() => false)])),
      );
      expect(inHand.filter(Boolean)).toHaveLength(1);
      await winner.lock.release();
      await Promise.all(all.map(async (one) => (await one).lock.release()));
    }
  });
});
