/** What the tests of a directory's lock share: a directory, processes that hold its lock, and how to take it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { useProgramsForOthers } from '../../../../test/support/for-others.ts';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { systemClock } from '../../clock.ts';
import { bundleProgram } from '../../exec/fixtures/fixtures.ts';
import { type DirectoryLock, type DirectoryLockInit, lockDirectory } from '../directory-lock.ts';

export const dir = useTempDir();
export const programsForOthers = useProgramsForOthers();
/** The program that holds a lock, where another user may read it. */
export const bundleHolder = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pillion-holder-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await chmod(directory, 0o755);
  return bundleProgram(PROGRAM, directory);
};
export const PROGRAM = fileURLToPath(new URL('../fixtures/hold-lock.ts', import.meta.url));
export const PROJECT = fileURLToPath(new URL('../../../..', import.meta.url));

export interface Taken {
  readonly lock: DirectoryLock;
  readonly waitedFor: string[];
  readonly dead: string[];
}

/** Takes the lock in this process; whom it waited for on the way is in the result. */
export async function take(more: Partial<DirectoryLockInit> = {}): Promise<Taken> {
  const waitedFor: string[] = [];
  const dead: string[] = [];
  const lock = await lockDirectory({
    path: dir.path,
    busy: (owner) => new Error(`busy: ${owner}`),
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

/** Tells when a wait for the lock has begun, and for whom. */
export function whenWaiting() {
  const owners: string[] = [];
  let begin: (owner: string) => void = () => {};
  const begun = new Promise<string>((resolve) => {
    begin = resolve;
  });
  const onWait = (owner: string) => {
    owners.push(owner);
    begin(owner);
  };
  return { init: { onWait }, begun, owners };
}

export interface Holder {
  readonly child: ChildProcessWithoutNullStreams;
  readonly id: string;
  output(): string;
  /** Lets it release the lock and end. */
  release(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Another process that holds the lock. */
export async function startHolder(): Promise<Holder> {
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

export const abortedIn = (ms: number) => AbortSignal.timeout(ms);
