import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { readTextIfExists } from '../files.ts';

describe('readTextIfExists', () => {
  it('reads a whole file, and undefined where there is none', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), 'grüße\n'.repeat(50_000));
    expect(await readTextIfExists(join(directory, 'file'))).toBe('grüße\n'.repeat(50_000));
    expect(await readTextIfExists(join(directory, 'gone'))).toBeUndefined();
    expect(await readTextIfExists('/proc/self/status')).toContain('Name:');
    expect(await readTextIfExists('/dev/null')).toBe('');
  });

  it('refuses what is too large, however it grows, and a directory', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), '12345');
    await mkdir(join(directory, 'directory'));
    const path = join(directory, 'file');
    await expect(readTextIfExists(path, 4)).rejects.toMatchObject({ code: 'file_too_large' });
    await expect(readTextIfExists('/dev/zero', 100_000)).rejects.toMatchObject({ code: 'file_too_large' });
    await expect(readTextIfExists(join(directory, 'directory'))).rejects.toMatchObject({
      code: 'read_failed',
      message: `cannot read ${join(directory, 'directory')}: EISDIR: illegal operation on a directory`,
    });
  });

  it('does not wait for somebody to write into a FIFO', async () => {
    const path = join(await temporaryDirectory(), 'fifo');
    spawnSync('mkfifo', [path]);
    expect(await readTextIfExists(path)).toBe('');
  });

  it('reads what a command writes into a pipe, to its end', async () => {
    const path = join(await temporaryDirectory(), 'fifo');
    spawnSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', 'exec 3<>"$0"; echo one; echo one >&3; sleep 0.2; echo two >&3', path]);
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    expect(await readTextIfExists(path)).toBe('one\ntwo\n');
  });

  it('gives an error for a pipe that brings too much', async () => {
    const path = join(await temporaryDirectory(), 'fifo');
    spawnSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', 'exec 3<>"$0"; echo; exec yes >&3', path]);
    const ended = once(writer, 'exit');
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    await expect(readTextIfExists(path, 1000)).rejects.toMatchObject({ code: 'file_too_large' });
    writer.kill();
    await ended;
  });
});
