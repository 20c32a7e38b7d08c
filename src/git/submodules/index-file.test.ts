import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { mayHaveGitlinks } from './index-file.ts';

const top = mkdtempSync(join(tmpdir(), 'pillion-index-'));
afterAll(() => rmSync(top, { recursive: true, force: true }));
const temporaryDirectory = () => mkdtempSync(join(top, 'in-'));

const signal = new AbortController().signal;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** An index with as many files as told, and a submodule at the end if wanted, in that version of the format. */
function makeIndex(files: number, submodule: string | undefined, version: string): string {
  const directory = temporaryDirectory();
  const git = (args: readonly string[], input = '') =>
    execFileSync('git', args, {
      cwd: directory,
      input,
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    });
  git(['init', '--quiet']);
  git(['config', 'index.version', version]);
  const lines = Array.from(
    { length: files },
    (_, index) => `100644 ${COMMIT}\tfiles/${'x'.repeat(index % 40)}${index}`,
  );
  if (submodule !== undefined) {
    lines.push(`160000 ${COMMIT}\t${submodule}`);
  }
  git(['update-index', '--add', '--index-info'], `${lines.join('\n')}\n`);
  return join(directory, '.git/index');
}

it.each(['2', '4'])(
  'a submodule shows in an index of version %s, wherever it is; no other entry does',
  async (version) => {
    expect(await mayHaveGitlinks(makeIndex(3, undefined, version), signal)).toBe(false);
    expect(await mayHaveGitlinks(makeIndex(2000, undefined, version), signal)).toBe(false);
    expect(await mayHaveGitlinks(makeIndex(2, 'module', version), signal)).toBe(true);
    // After the files of `files/`, which take more than one read.
    expect(await mayHaveGitlinks(makeIndex(2000, 'module', version), signal)).toBe(true);
  },
);

it('a mode that two reads share is found', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'index');
  for (let shift = 0; shift <= 4; shift += 1) {
    const bytes = Buffer.alloc(200_000, 1);
    bytes.set([0x00, 0x00, 0xe0, 0x00], 65_536 - shift);
    await writeFile(path, bytes);
    expect(await mayHaveGitlinks(path, signal)).toBe(true);
  }
});

it('an index that is split, or cannot be read, may have any', async () => {
  const path = makeIndex(3, undefined, '2');
  execFileSync('git', ['update-index', '--split-index'], { cwd: join(path, '../..') });
  expect(await mayHaveGitlinks(path, signal)).toBe(true);
  expect(await mayHaveGitlinks(`${path}-missing`, signal)).toBe(true);
});
