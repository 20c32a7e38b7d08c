import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { type ByteDirectory, openByteRoot } from './byte-directory.ts';

const temp = useTempDir();
const here = process.cwd();
const sizeOf = (directory: ByteDirectory, name: string) => Number(directory.stat(name)?.size);
let one: ByteDirectory;
let other: ByteDirectory;

beforeEach(async () => {
  await mkdir(temp.join('one'));
  await mkdir(temp.join('other'));
  await writeFile(temp.join('one/file'), '1');
  await writeFile(temp.join('one/\xff'), '12');
  await writeFile(temp.join('other/file'), '123');
  one = openByteRoot(temp.join('one'));
  other = openByteRoot(temp.join('other'));
});
afterEach(() => {
  one.close();
  other.close();
  expect(process.cwd()).toBe(here);
});

describe('work within a directory', () => {
  it('is done from there, with names of any bytes, and ends where it began', () => {
    const found = one.within(() => {
      const sizes = [sizeOf(one, 'file'), sizeOf(one, Buffer.from('\xff').toString('latin1'))];
      return { sizes, at: process.cwd() };
    });
    expect(found).toEqual({ sizes: [1, 2], at: temp.join('one') });
    expect(process.cwd()).toBe(here);
    expect(sizeOf(one, 'file')).toBe(1);
  });

  it('goes nowhere while nothing is asked for', () => {
    expect(one.within(() => process.cwd())).toBe(here);
  });

  it('ends where it began when it fails, and what has failed is named by its path', () => {
    expect(() => one.within(() => one.readlink('file'))).toThrow(temp.join('one/file'));
    expect(process.cwd()).toBe(here);
    expect(sizeOf(other, 'file')).toBe(3);
  });

  it('is done in the directory that was opened, whatever stands in its place', async () => {
    await rename(temp.join('one'), temp.join('away'));
    await symlink('other', temp.join('one'));
    expect(one.within(() => sizeOf(one, 'file'))).toBe(1);
  });

  it('reaches other directories, too, and may do so within them', () => {
    const sizes = one.within(() => [
      sizeOf(one, 'file'),
      sizeOf(other, 'file'),
      other.within(() => sizeOf(other, 'file') + sizeOf(one, 'file')),
      sizeOf(one, 'file'),
    ]);
    expect(sizes).toEqual([1, 3, 4, 1]);
  });

  it('takes no path for a name', () => {
    expect(() => one.within(() => one.stat('../other/file'))).toThrow();
  });
});
