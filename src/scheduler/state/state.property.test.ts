import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz, fuzzTimeout } from '../../core/testing/fuzz.ts';
import { createJob, type JobEntry } from '../runs/job.ts';
import { jobsFrom } from '../testing/jobs.ts';
import { findZone } from '../time/find-zone.ts';

import { missedStart } from './missed.ts';
import { parseState, renderState } from './state.ts';

const NOW = Date.parse('2025-06-01T12:34:56.789Z');
const number = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.integer({ min: NOW - 1e9, max: NOW + 1e9 }),
  fc.constantFrom(0, -0, -1, 1.5, 8.64e15, 8.64e15 + 1, 1e300, NOW),
);
const anything = fc.oneof(
  number,
  fc.boolean(),
  fc.string(),
  fc.constant(null),
  fc.array(number, { maxLength: 2 }),
);
const jobState = fc.record(
  {
    scheduled: fc.oneof({ weight: 4, arbitrary: number }, anything),
    finished: fc.oneof(fc.boolean(), anything),
    tries: number,
  },
  { requiredKeys: [] },
);
const name = fc.oneof(
  fc.constantFrom('nightly', 'often', 'every', '__proto__', 'constructor', ''),
  fc.string(),
);
const file = fc.record(
  {
    version: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, anything),
    jobs: fc.oneof({ weight: 9, arbitrary: fc.dictionary(name, jobState) }, anything),
  },
  { requiredKeys: [] },
);
const whole = file.map((content) => JSON.stringify(content));
/** Written only in part, or with something written over it. */
const torn = fc
  .tuple(whole, fc.nat(), fc.string({ maxLength: 5 }))
  .map(([text, at, junk]) => text.slice(0, at % (text.length + 1)) + junk);
const texts = fc.oneof({ weight: 6, arbitrary: whole }, torn, fc.json(), fc.string());

function entries(): JobEntry[] {
  const catchUp = { catchUpMs: 48 * 3_600_000 };
  const zone = findZone('UTC');
  if (zone === undefined) {
    throw new Error('no UTC');
  }
  const policies = { nightly: catchUp, often: catchUp, every: catchUp };
  const jobs = jobsFrom('0 2 * * * nightly\n* * * * * often\n@every 90s every\n', policies);
  return jobs.map((spec) => ({ spec, zone, jitterMs: 0, anchor: 0, job: createJob(spec), due: undefined }));
}

it('any text at all is a state within bounds or an error, and never a start outside the window', {
  timeout: fuzzTimeout(2000),
}, () => {
  const all = entries();
  fc.assert(
    fc.property(texts, (text) => {
      let jobs: ReturnType<typeof parseState>;
      try {
        jobs = parseState(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        return;
      }
      expect(parseState(renderState(jobs))).toEqual(jobs);
      for (const entry of all) {
        const scheduled = missedStart(entry, jobs, NOW);
        if (scheduled !== undefined) {
          expect(scheduled).toBeGreaterThanOrEqual(NOW - 48 * 3_600_000);
          expect(scheduled).toBeLessThanOrEqual(NOW);
        }
      }
    }),
    fuzz(2000),
  );
});
