/** Configuration that somebody has put into a root. PILLION_FUZZ_RUNS makes more of it. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { fuzz, fuzzTimeout } from '../../../core/testing/fuzz.ts';
import { expectLinear, pumped } from '../../../core/testing/linear.ts';
import { trimEndOf } from '../../../core/trim-end.ts';
import { sortConfig } from './config-lines.ts';

const RUNS = 1000;
/** Each costs a process. */
const ASKED_OF_GIT = 60;
const dir = useTempDir();

const WORDS = [
  '[core]',
  '[core "x"]',
  '[CORE]',
  '[filter "lfs"]',
  '[filter "evil"]',
  '[include]',
  '[includeIf "gitdir:/"]',
  '[submodule "a\\"b"]',
  '[url "x"]',
  '[alias',
  ']',
  'bare = true',
  'sshCommand = evil',
  'hooksPath=evil',
  'smudge = evil',
  'path = /evil',
  'update = !evil',
  'x = y',
  'x',
  '=',
  '\\',
  '\\\n',
  '"',
  '#',
  ';',
  '[',
  ' ',
  '\t',
  '\v',
  '\r',
  '\r\n',
  '\n',
  '\n',
  '\0',
  '\u00a0',
  '\u2028',
  '\ufeff',
];
const text = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...WORDS) }, fc.string({ maxLength: 6 })), {
    maxLength: 30,
  })
  .map((words) => words.join(''));

/** Settings that run a program or read another file, in whatever git takes for one of them. */
const DANGEROUS = /^(?:core\.(?:sshcommand|hookspath)|filter\.evil\.smudge|include(?:if\..*)?\.path|alias\.)/;

function keysFor(config: string): string[] {
  const file = dir.join('config');
  writeFileSync(file, config);
  try {
    return execFileSync('git', ['config', '--file', file, '--null', '--name-only', '--list'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\0');
  } catch {
    return []; // git reads nothing of it
  }
}

describe('any text as the configuration of a root', () => {
  it(
    'is split into lines of its own and names of what was taken out, and loses no more when it is read again',
    () => {
      fc.assert(
        fc.property(text, (config) => {
          const { kept, foreign } = sortConfig(config);
          expect(sortConfig(kept)).toEqual({ kept, foreign: [] });
          const own = new Set(config.split('\n').map((line) => trimEndOf(line, '\r')));
          expect(kept.split('\n').filter((line) => line !== '' && !own.has(line))).toEqual([]);
          expect(foreign.every((name) => /^(?:[a-z0-9-]+\.[a-z0-9-]+|\(a line [^)]*\))$/.test(name))).toBe(
            true,
          );
        }),
        fuzz(RUNS),
      );
    },
    fuzzTimeout(RUNS),
  );

  it('leaves nothing that git would run or read another file for', () => {
    fc.assert(
      fc.property(text, (config) => {
        expect(keysFor(sortConfig(config).kept).filter((key) => DANGEROUS.test(key.toLowerCase()))).toEqual(
          [],
        );
      }),
      { ...fuzz(ASKED_OF_GIT), numRuns: Math.min(fuzz(ASKED_OF_GIT).numRuns, 2000) },
    );
  }, 120_000);

  it.each([...WORDS, 'a', '=\t', '[core]\n', 'x = y\n'])('of a mebibyte of %j is read in time', (piece) => {
    // A line each is an array of a million: the time of that, and not more for longer ones.
    const limits = { limitMs: piece.includes('\n') ? 400 : 50 };
    expectLinear(sortConfig, pumped('', piece, 'x'), limits);
    expectLinear(sortConfig, pumped('[core]\nx = ', piece, 'x'), limits);
    expectLinear(sortConfig, pumped('[core]\nx', piece, 'x'), limits);
  });
});
