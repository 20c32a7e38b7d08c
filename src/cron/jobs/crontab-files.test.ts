import { describe, expect, it } from 'vitest';
import { commandText } from '../../scheduler/runs/command.ts';
import { SUPERCRONIC_BAD_FILES, SUPERCRONIC_FILES } from '../../scheduler/testing/vectors/supercronic.ts';
import { TEST_RULES } from '../testing/rules.ts';
import { parseCrontab } from './crontab.ts';
import { DIALECTS } from './dialects.ts';

const RULES = { ...TEST_RULES, ...DIALECTS.supercronic };

describe("a file of supercronic's own tests", () => {
  it.each(SUPERCRONIC_FILES)('$text is read as supercronic reads it', (vector) => {
    const { text, env = {}, shell = '/bin/sh', zone, jobs = [] } = vector;
    const read = parseCrontab(text, 'crontab', RULES);
    expect(read.errors).toEqual([]);
    expect(read.jobs.map((job) => [job.scheduleText, commandText(job.command)])).toEqual(jobs);
    // A further job shows what holds in a file that has none.
    const probed = parseCrontab(`${text}\n@daily probe\n`, 'crontab', RULES);
    for (const job of probed.jobs) {
      expect(job).toMatchObject({ command: { shell }, zone });
      expect(job.env).toEqual(env);
    }
  });

  it.each(SUPERCRONIC_BAD_FILES)('%j is refused, with position and advice', (text) => {
    const { errors } = parseCrontab(text, 'crontab', RULES);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ line: 1, hint: expect.any(String) });
  });
});
