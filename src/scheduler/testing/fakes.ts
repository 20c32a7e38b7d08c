import { systemClock } from '../../core/clock.ts';
import { createLog, type Log } from '../../core/log/log.ts';
import { createSecrets, type Secrets } from '../../core/log/secrets.ts';
import { parseCrontab } from '../grammar/crontab.ts';
import type { JobSpec } from '../grammar/job-spec.ts';
import { TEST_RULES } from './rules.ts';

/** A log that keeps its lines. */
export function memoryLog(): { log: Log; lines: string[]; secrets: Secrets } {
  const lines: string[] = [];
  const secrets = createSecrets();
  const write = (line: string) => lines.push(line);
  return { log: createLog({ format: 'json', verbosity: 0, secrets, write }), lines, secrets };
}

export function specsOf(text: string): readonly JobSpec[] {
  const { jobs, errors } = parseCrontab(text, 'crontab', TEST_RULES);
  if (errors.length > 0) {
    throw new Error(JSON.stringify(errors));
  }
  return jobs;
}

export function specOf(text: string): JobSpec {
  const [spec] = specsOf(text);
  if (spec === undefined) {
    throw new Error(`no job in ${text}`);
  }
  return spec;
}

/** Waits, bounded, for something that real processes do. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let left = 1000; !condition(); left -= 1) {
    if (left === 0) {
      throw new Error(`waited in vain for ${what}`);
    }
    await systemClock.sleep(10);
  }
}
