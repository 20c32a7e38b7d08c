import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import {
  appendFile,
  type FileHandle,
  mkdir,
  open,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileTick } from '../../../test/support/file-tick.ts';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { openByteRoot } from '../../core/foreign-files/byte-directory.ts';
import { hashSmallFile, readStableFile } from './content.ts';

const temp = useTempDir();
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const openFiles = () => readdirSync('/proc/self/fd').length;

describe('the content of a file', () => {
  it.each([0, 1, 65_535, 65_536, 4 * 2 ** 20 - 1, 4 * 2 ** 20, 9_000_001])(
    'of %d bytes is read and hashed whole, in order, and several at a time',
    async (size) => {
      const contents = [randomBytes(size), randomBytes(size)];
      await Promise.all(contents.map((content, index) => writeFile(temp.join(`file${index}`), content)));
      const root = openByteRoot(temp.path);
      const read = contents.map(async (content, index) => {
        const sum = createHash('sha256');
        const consume = (bytes: Buffer) => void sum.update(bytes);
        const found = await readStableFile(root, `file${index}`, index === 0 ? { consume } : {});
        expect(found).toMatchObject({ size, sha256: hashOf(content) });
        expect(index === 0 ? sum.digest('hex') : hashOf(content)).toBe(hashOf(content));
      });
      await Promise.all(read);
      root.close();
    },
  );

  it('that is not wanted any more is not read on, and its file is closed', async () => {
    await writeFile(temp.join('file'), randomBytes(20 * 2 ** 20));
    const root = openByteRoot(temp.path);
    const before = openFiles();
    let chunks = 0;
    const breathe = async () => {
      chunks += 1;
      throw new Error('enough');
    };
    await expect(readStableFile(root, 'file', { breathe })).rejects.toThrow('enough');
    expect([chunks, openFiles()]).toEqual([1, before]);
    root.close();
  });
});

it('a file that grows for as long as it is read is not read for ever', async () => {
  for (const size of [70_000, 5 * 2 ** 20]) {
    await writeFile(temp.join('file'), randomBytes(size));
    const root = openByteRoot(temp.path);
    let taken = 0;
    const consume = async (bytes: Buffer) => {
      taken += bytes.length;
      await appendFile(temp.join('file'), randomBytes(2 ** 20));
    };
    expect(await readStableFile(root, 'file', { consume })).toBeUndefined();
    expect(taken).toBeLessThan(size + 2 ** 20);
    root.close();
  }
});

/** Holds a lease for writing (F_SETLEASE, F_WRLCK), and gives it up half a second after it was asked to (SIGIO). */
const LEASE = `
open(my $file, "+<", $ARGV[0]) or die $!;
$SIG{IO} = sub { select(undef, undef, undef, 0.5); close($file); exit 0 };
fcntl($file, 1024, 1) or die "no lease: $!";
$| = 1; print "held\\n"; sleep 60;`;

it('a file that somebody has leased is read when it has been given up', async () => {
  await writeFile(temp.join('file'), 'content');
  const holder = spawn('perl', ['-e', LEASE, temp.join('file')], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  expect(await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')])).toEqual([
    Buffer.from('held\n'),
  ]);
  const root = openByteRoot(temp.path);
  const status = root.stat('file');
  expect(status && hashSmallFile(root, 'file', status)).toBeUndefined();
  expect(await readStableFile(root, 'file')).toMatchObject({ sha256: hashOf(Buffer.from('content')) });
  root.close();
});

describe('the hash of a small file', () => {
  const hashAfter = async (change: () => Promise<void>) => {
    const root = openByteRoot(temp.path);
    const seen = root.stat('file');
    await change();
    const before = openFiles();
    const found = seen && hashSmallFile(root, 'file', seen);
    expect(openFiles()).toBe(before);
    root.close();
    return found;
  };
  const nothing = async () => {};

  it.each([0, 1, 65_535])('is that of its content, with %d bytes', async (size) => {
    const content = randomBytes(size);
    await writeFile(temp.join('file'), content);
    expect(await hashAfter(nothing)).toBe(hashOf(content));
  });

  it('is not taken of a larger one', async () => {
    await writeFile(temp.join('file'), randomBytes(65_536));
    expect(await hashAfter(nothing)).toBeUndefined();
  });

  it.each([
    ['written to', () => writeFile(temp.join('file'), 'OTHER')],
    ['cut short', () => truncate(temp.join('file'), 2)],
    ['replaced', () => rename(temp.join('other'), temp.join('file'))],
    ['made a link', () => rename(temp.join('link'), temp.join('file'))],
  ])('is not taken when it was %s since it was looked at', async (_, change) => {
    await writeFile(temp.join('file'), 'other');
    await writeFile(temp.join('other'), 'other');
    await symlink('other', temp.join('link'));
    await fileTick(temp.join('file'), temp.join('clock'));
    expect(await hashAfter(change)).toBeUndefined();
  });

  it('is not taken of a directory in its place, nor of a FIFO, which keeps what is in it', async () => {
    const file = temp.join('file');
    await writeFile(file, 'other');
    const madeDirectory = async () => {
      await rm(file);
      await mkdir(file);
    };
    expect(await hashAfter(madeDirectory)).toBeUndefined();
    await rm(file, { recursive: true });
    await writeFile(file, 'other');
    let fifo: FileHandle | undefined;
    const madeFifo = async () => {
      await rm(file);
      execFileSync('mkfifo', [file]);
      fifo = await open(file, 'r+');
      await fifo.write('kept!');
    };
    expect(await hashAfter(madeFifo)).toBeUndefined();
    const { buffer, bytesRead } = (await fifo?.read(Buffer.alloc(9), 0, 9)) ?? {};
    expect(buffer?.subarray(0, bytesRead).toString()).toBe('kept!');
    await fifo?.close();
  });
});
