import { expect, it } from 'vitest';
import { expectLinear, pumped } from '../../core/testing/linear.ts';
import { parseState } from './state.ts';

const read = (text: string) => {
  try {
    return parseState(text);
  } catch (error) {
    return error;
  }
};

it.each(['[', '{"a":', '"', '\\', ' ', '0', '1e', '\n', '\0', '{"version":1,"jobs":{}}'])(
  'a mebibyte of %j as a state file is read in time',
  (piece) => {
    expectLinear(read, pumped('', piece));
    expectLinear(read, pumped('{"version":1,"jobs":{"a', piece, '":{"scheduled":0}}}'));
  },
);

it('a mebibyte of jobs in a state file is read in time', () => {
  const jobs = (length: number) =>
    JSON.stringify({
      version: 1,
      jobs: Object.fromEntries(
        Array.from({ length: length / 50 }, (_, n) => [
          `job-${n}`,
          { scheduled: n, finished: false, tries: 1 },
        ]),
      ),
    });
  expect(parseState(jobs(500)).size).toBe(10);
  expectLinear(read, jobs, { limitMs: 200 });
});
