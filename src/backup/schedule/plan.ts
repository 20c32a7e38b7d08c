/** Values of the options -> when what runs. */
import { hostname } from 'node:os';
import { usageError } from '../../core/errors.ts';
import { defineJob } from '../../scheduler/define-job.ts';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import { parseRunAt } from '../../scheduler/grammar/run-at.ts';
import type { JobBody } from '../../scheduler/job-body.ts';
import type { JobPolicy, JobSpec } from '../../scheduler/job-spec.ts';
import { findZone, localZone, zoneAdvice } from '../../scheduler/time/find-zone.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import type { BackupValues } from '../options/backup.ts';

/** What runs by the clock, and the job that does it. */
export interface ScheduledBodies {
  readonly backup: JobBody;
  readonly verify: JobBody;
  readonly drill: JobBody;
}

export const podName = (): string => process.env['POD_NAME'] ?? hostname();

/** @throws PillionError `usage` */
export function zoneOf({ tz }: Pick<BackupValues, 'tz'>): Zone {
  const zone = tz === '' ? localZone() : findZone(tz);
  if (zone === undefined) {
    const [given, text] = tz === '' ? ['TZ=', process.env['TZ'] ?? ''] : ['', tz];
    throw usageError(`unknown time zone ${given}${text}`, zoneAdvice(text));
  }
  return zone;
}

/**
 * The jobs that were asked for: one backup at least.
 * @throws PillionError `usage`
 */
export function jobsOf(values: BackupValues, bodies: ScheduledBodies): readonly JobSpec[] {
  const { schedule, runAt, retries, retryDelay: retryDelayMs, backupTimeout: timeoutMs } = values;
  if (schedule !== '' && runAt !== '') {
    throw usageError('--schedule and --run-at (or $RUNAT) are both set', 'keep one of them');
  }
  if (schedule === '' && runAt === '' && !values.onStop && values.triggerTokenFile === '') {
    throw usageError(
      'nothing says when to back up',
      '--schedule "30 2 * * *", RUNAT=02:30, --on-stop, or `pillion backup now` for once',
    );
  }
  if (values.triggerTokenFile !== '' && values.httpBind === '') {
    throw usageError('--trigger-token-file is of no use without --http-bind', '--http-bind :9791');
  }
  const policy = { retries, retryDelayMs, timeoutMs, killAfterMs: KILL_AFTER_MS };
  const once = { timeoutMs, killAfterMs: KILL_AFTER_MS };
  // Where only a stop or a request starts one, the job still is one, so that status and metrics are the same.
  const backup = runAt === '' ? schedule || NEVER : NEVER;
  const job = scheduled('backup', backup, '--schedule', bodies.backup, policy);
  return [
    runAt === '' ? job : { ...job, schedule: parseRunAt(runAt), scheduleText: runAt, fingerprint: runAt },
    ...optional('verify', values.verifySchedule, '--verify-schedule', bodies.verify, once),
    ...optional('drill', values.drillSchedule, '--drill-schedule', bodies.drill, once),
  ];
}

/** For restic to remove its lock, and for the post hooks. */
const KILL_AFTER_MS = 15_000;
/** The last moment that a schedule can name. */
const NEVER = '0 0 31 12 * 2099';

function optional(
  name: string,
  schedule: string,
  flag: string,
  body: JobBody,
  policy: Partial<JobPolicy>,
): JobSpec[] {
  return schedule === '' ? [] : [scheduled(name, schedule, flag, body, policy)];
}

function scheduled(
  name: string,
  schedule: string,
  flag: string,
  body: JobBody,
  policy: Partial<JobPolicy>,
): JobSpec {
  try {
    return defineJob({ name, schedule, policy, body }, podName());
  } catch (error) {
    if (error instanceof GrammarError) {
      throw usageError(
        `${flag} ${JSON.stringify(schedule)}: ${error.message}`,
        'as in a crontab: "30 2 * * *", @hourly',
      );
    }
    throw error;
  }
}
