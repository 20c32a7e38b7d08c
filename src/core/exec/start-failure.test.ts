import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENV, temporaryDirectory } from './fixtures/fixtures.ts';
import { run, tryRun } from './run.ts';
import { describeStartFailure, findWindowsLineEnds } from './start-failure.ts';

async function script(text: string | Buffer, mode = 0o755): Promise<string> {
  const path = join(await temporaryDirectory(), 'script');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

async function whyNot(command: string, options: { cwd?: string; path?: string } = {}): Promise<string> {
  const env = options.path === undefined ? ENV : { PATH: options.path };
  const outcome = await tryRun(command, [], { env, cwd: options.cwd });
  return outcome.spawnError === undefined ? 'it started' : describeStartFailure(outcome, 'X', options.cwd);
}

describe('why a program cannot start', () => {
  it('is the program: none of that name, none at that path, none that may be executed', async () => {
    expect(await whyNot('no-such-program')).toBe('X is not in PATH (ENOENT)');
    expect(await whyNot('/no/such/program')).toBe('X does not exist (ENOENT)');
    expect(await whyNot(await script('#!/bin/sh\n', 0o644))).toBe('X has no run bit (EACCES)');
    expect(await whyNot('/etc')).toBe('X is not a file (EACCES)');
    const directory = await temporaryDirectory();
    await symlink('gone', join(directory, 'link'));
    expect(await whyNot(join(directory, 'link'))).toBe('X is a link to nothing (ENOENT)');
    await writeFile(join(directory, 'tool'), '#!/bin/sh\n');
    expect(await whyNot('tool', { path: directory })).toBe('X has no run bit (EACCES)');
    expect(await whyNot('./tool', { cwd: directory })).toBe('X has no run bit (EACCES)');
  });

  it('is the interpreter that its first line names', async () => {
    expect(await whyNot(await script('#! /no/such/shell -e\n'))).toBe(
      'X needs the interpreter /no/such/shell, which does not exist (ENOENT)',
    );
    expect(await whyNot(await script('#!/etc/passwd\n'))).toBe(
      'X needs the interpreter /etc/passwd, which may not be executed (EACCES)',
    );
  });

  it('is the line ends of the script', async () => {
    const path = await script('#!/bin/sh\r\necho hi\r\n');
    expect(await whyNot(path)).toBe(
      'X has Windows line ends (CRLF): its first line names the interpreter "/bin/sh\\r" (ENOENT)',
    );
    const error: unknown = await run(path, [], { env: ENV }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ hint: expect.stringContaining('Unix line ends') });
  });

  it('is the working directory', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), '');
    const gone = join(directory, 'gone');
    expect(await whyNot('true', { cwd: gone })).toBe(`the working directory ${gone} does not exist (ENOENT)`);
    const file = join(directory, 'file');
    expect(await whyNot('true', { cwd: file })).toBe(
      `the working directory ${file} is not a directory (ENOTDIR)`,
    );
  });

  it('is a program for another system', async () => {
    const loaderless = Buffer.from('7f454c4602010100', 'hex');
    expect(await whyNot(await script(loaderless))).toMatch(/ENOEXEC|it started/);
  });

  it('is found out without waiting for a FIFO', async () => {
    const directory = await temporaryDirectory();
    await run('mkfifo', ['-m', '755', join(directory, 'fifo')], { env: ENV });
    await mkdir(join(directory, 'd'));
    expect(await whyNot(join(directory, 'fifo'))).toBe('X is not a file (EACCES)');
  });
});

describe('findWindowsLineEnds', () => {
  it('finds them also where the interpreter is an argument of env', async () => {
    expect((await findWindowsLineEnds(await script('#!/usr/bin/env bash\r\n')))?.problem).toContain('CRLF');
    expect(await findWindowsLineEnds(await script('#!/usr/bin/env bash\necho\r\n'))).toBeUndefined();
    expect(await findWindowsLineEnds(await script('echo hi\r\n'))).toBeUndefined();
  });
});
