import { describe, expect, it } from 'vitest';
import { defineJob } from './define-job.ts';
import { GrammarError } from './grammar/grammar-error.ts';
import type { JobBody } from './job-body.ts';

const body: JobBody = () => Promise.resolve({ result: 'success', text: 'done' });

describe('a job that a function does', () => {
  it('has the schedule of a crontab, and the usual policy but for what is given', () => {
    const job = defineJob({ name: 'backup', schedule: '30 2 * * *', policy: { retries: 3 }, body }, 'pod-0');
    expect(job).toMatchObject({
      name: 'backup',
      stateKey: 'backup',
      scheduleText: '30 2 * * *',
      zone: undefined,
    });
    expect(job.schedule).toMatchObject({ kind: 'calendar', minutes: [30], hours: [2] });
    expect(job.policy).toMatchObject({ retries: 3, overlap: 'forbid', killAfterMs: 5000 });
    expect(() => defineJob({ name: 'backup', schedule: 'nightly', body }, 'pod-0')).toThrow(GrammarError);
  });

  it('is another job when its schedule or policy is another, and spread by its pod and name', () => {
    const of = (schedule: string, retries: number, name = 'a', pod = 'pod-0') =>
      defineJob({ name, schedule, policy: { retries }, body }, pod);
    const { fingerprint } = of('H 3 * * *', 1);
    expect(of('H 3 * * *', 1).fingerprint).toBe(fingerprint);
    expect(of('H 4 * * *', 1).fingerprint).not.toBe(fingerprint);
    expect(of('H 3 * * *', 2).fingerprint).not.toBe(fingerprint);
    const minutes = Array.from({ length: 50 }, (_, pod) =>
      JSON.stringify(of('H 3 * * *', 1, 'a', `pod-${pod}`).schedule),
    );
    expect(new Set(minutes).size).toBeGreaterThan(10);
  });
});
