import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Module } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBundle } from '../src/core/process/load-bundle.ts';
import { makeCodeCache } from './code-cache.ts';

const directory = mkdtempSync(join(tmpdir(), 'pillion-cache-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const CODE = `exports.answer = () => VALUE;
exports.run = async () => { exports.answer(); return require('./other.cjs'); };
`;
const cachesOf = (name: string) => readdirSync(directory).filter((file) => file.startsWith(`${name}.cjs.`));

async function make(name: string, value: number): Promise<string> {
  const bundle = join(directory, `${name}.cjs`);
  writeFileSync(join(directory, 'other.cjs'), 'exports.other = true;\n');
  writeFileSync(bundle, CODE.replace('VALUE', String(value)));
  await makeCodeCache(bundle);
  return bundle;
}

const answerOf = (bundle: string) => (loadBundle(bundle) as { answer: () => number }).answer();

describe('a code cache', () => {
  it('is taken by V8, and the bundle does the same with it and can require its neighbours', async () => {
    const bundle = await make('taken', 42);
    const [cache = ''] = cachesOf('taken');
    const script = new Script(Module.wrap(readFileSync(bundle, 'utf8')), {
      cachedData: readFileSync(join(directory, cache)),
    });
    expect(script.cachedDataRejected).toBe(false);
    expect(answerOf(bundle)).toBe(42);
    expect(await (loadBundle(bundle) as { run: () => Promise<unknown> }).run()).toEqual({ other: true });
  });

  it('is the same for the same bundle, and replaces that of an earlier one', async () => {
    const contents: Buffer[] = [];
    for (const value of [1, 2, 1]) {
      await make('same', value);
      const [name = '', ...others] = cachesOf('same');
      expect(others).toEqual([]);
      contents.push(readFileSync(join(directory, name)));
    }
    expect(contents[0]).toEqual(contents[2]);
  });

  it('of git-sync has what is compiled for a first sync, and is the same each time', async () => {
    const CODE_OF_SYNC = `exports.sync = (...values) => values.map((value) => ({ value, twice: value * 2 }));
exports.run = async ({ argv }) => (argv.includes('--one-time') ? exports.sync(1, 2).length - 2 : 0);
`;
    const sizes = new Map<string, number>();
    for (const name of ['git-sync', 'another', 'git-sync']) {
      const bundle = join(directory, `${name}.cjs`);
      writeFileSync(bundle, CODE_OF_SYNC);
      await makeCodeCache(bundle);
      const [cache = ''] = cachesOf(name);
      const { length } = readFileSync(join(directory, cache));
      expect(length).toBe(sizes.get(name) ?? length);
      sizes.set(name, length);
    }
    expect(sizes.get('git-sync')).toBeGreaterThan(sizes.get('another') ?? Number.POSITIVE_INFINITY);
  });

  it('is not made of a git-sync that cannot sync, and it is told what that said', async () => {
    const bundle = join(directory, 'git-sync.cjs');
    writeFileSync(
      bundle,
      "exports.run = async ({ argv, stderr }) => (argv.includes('--one-time') ? (stderr('no root'), 7) : 0);\n",
    );
    await expect(makeCodeCache(bundle)).rejects.toThrow(/no root[^]*the sync ended with 7/);
    expect(cachesOf('git-sync')).toEqual([]);
  });

  it('counts for its own bundle alone, though another one is as long', async () => {
    const bundle = await make('changed', 1);
    const text = readFileSync(bundle, 'utf8');
    expect(answerOf(bundle)).toBe(1);
    const newer = text
      .replace('=> 1', '=> 7')
      .replace(/build=./, (start) => `build=${start.endsWith('0') ? '1' : '0'}`);
    writeFileSync(bundle, newer);
    expect(answerOf(bundle)).toBe(7);
  });

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (cache: Buffer) => cache.subarray(0, cache.length / 2)],
    ['of another version', (cache: Buffer) => Buffer.from(cache).fill(7, 4, 8)],
    ['damaged', (cache: Buffer) => Buffer.from(cache).fill(1, cache.length - 40)],
  ])('that is %s keeps nothing from starting', async (_, damaged) => {
    const bundle = await make('broken', 3);
    const [name = ''] = cachesOf('broken');
    const path = join(directory, name);
    writeFileSync(path, damaged(readFileSync(path)));
    expect(answerOf(bundle)).toBe(3);
  });

  it('may be missing', async () => {
    const bundle = await make('missing', 5);
    rmSync(join(directory, cachesOf('missing')[0] ?? ''));
    expect(answerOf(bundle)).toBe(5);
  });
});
