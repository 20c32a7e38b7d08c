/** What the safety tests share: how a sync is started, and what must hold of a root in the end. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { findProgram } from '../../../../scripts/packages.ts';
import { git } from '../../../support/git.ts';
import { createRepository, type GitRepository } from '../../../support/git-repository.ts';
import {
  type PillionOptions,
  type PillionResult,
  runPillion,
  startPillion,
} from '../../../support/pillion.ts';
import { commitVersion, FILES, wholeContent } from './tree.ts';

const PROJECT = fileURLToPath(new URL('../../../..', import.meta.url));

export interface SyncOptions {
  readonly repo: string;
  readonly root: string;
  readonly link?: string;
  readonly flags?: readonly string[];
}

export function syncArguments({ repo, root, link = 'link', flags = [] }: SyncOptions): string[] {
  return ['git-sync', `--repo=${repo}`, `--root=${root}`, `--link=${link}`, ...flags];
}

export async function syncOnce(options: SyncOptions, more: PillionOptions = {}): Promise<PillionResult> {
  return runPillion([...syncArguments(options), '--one-time'], more);
}

/** A sync that must work. */
export async function mustSync(options: SyncOptions, more: PillionOptions = {}): Promise<PillionResult> {
  const result = await syncOnce(options, more);
  expect(result, result.stderr).toMatchObject({ code: 0, signal: null });
  return result;
}

/** A sync that goes on until the test ends. */
export async function startSync(options: SyncOptions, more: PillionOptions = {}) {
  const running = await startPillion(syncArguments(options), more);
  onTestFinished(async () => {
    await running.stop();
  });
  return running;
}

/** A repository with one committed version. */
export async function makeVersions(dir: string, first = 1): Promise<GitRepository> {
  const repository = await createRepository(dir);
  await commitVersion(repository, first);
  return repository;
}

/** The link leads to this commit, its files are exactly those of the version, and git in the tree agrees. */
export async function expectPublished(link: string, hash: string, version: number): Promise<void> {
  expect(path.basename(await readlink(link))).toBe(hash);
  for (const name of FILES) {
    expect(await readFile(path.join(link, name), 'utf8'), name).toBe(wholeContent(name, String(version)));
  }
  await expectClean(link, hash);
}

export async function expectClean(link: string, hash: string): Promise<void> {
  expect(await git(link, '-c', 'safe.directory=*', 'rev-parse', 'HEAD')).toBe(hash);
  expect(await git(link, '-c', 'safe.directory=*', 'status', '--porcelain')).toBe('');
}

/** Everything in a directory, as paths relative to it. */
async function listAll(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort();
}

/** What a sync must not leave: locks, sockets, half-made links, repositories and packs. */
export async function leftoversIn(root: string): Promise<string[]> {
  const all = await listAll(root);
  return all.filter((name) =>
    /\.lock$|\.sock$|\.tmp$|pillion-lock|gc\.pid|\.git\.new-|(^|\/)tmp_|\.rebuild/.test(name),
  );
}

export interface Reader {
  /** Ends it and returns what it saw; fails if that was ever less than a whole tree. */
  finish(): Promise<{ rounds: number; switches: number; versions: string[] }>;
}

/** A program that reads through the link all the time, until its `finish` or the end of the tests. */
export function startReader(link: string): Promise<Reader> {
  return startReading('programs/reader.ts', link);
}

/** The same for a plain directory: each file is there and whole, and all are of one version where the copy says so. */
export function startCopyReader(copy: string): Promise<Reader> {
  return startReading('programs/copy-reader.ts', copy);
}

async function startReading(name: string, link: string): Promise<Reader> {
  const program = fileURLToPath(new URL(name, import.meta.url));
  const args = [program, link];
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args, { cwd: PROJECT });
  const errors = text(child.stderr);
  const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
  if (!(first instanceof Buffer)) {
    throw new Error(`the reader did not start: ${await errors}`);
  }
  return {
    async finish() {
      const output = text(child.stdout);
      child.stdin.end();
      const report = JSON.parse(await output) as {
        rounds: number;
        switches: number;
        versions: string[];
        violations: string[];
      };
      expect(report.violations).toEqual([]);
      return report;
    },
  };
}

/** Writes a shell script that knows where the real git is (`$GIT`). */
export async function writeProgram(file: string, lines: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\nGIT='${findProgram('git') ?? 'git'}'\n${lines}\n`);
  await chmod(file, 0o755);
  return file;
}

/** Programs that must not run leave a file `pwned` somewhere in the test's directory. */
export async function expectNothingRan(directory: string): Promise<void> {
  const all = await readdir(directory, { recursive: true });
  expect(all.filter((name) => path.basename(name) === 'pwned')).toEqual([]);
}

/** Numbers that look random and are the same in each run. */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
