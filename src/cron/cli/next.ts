import { resolve } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { CommandContext } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { formatInstant } from '../../scheduler/time/format-instant.ts';
import { type DstNote, dstNoteOf } from '../../scheduler/time/next.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import { dueAfter, jitterOf } from '../../scheduler/timetable/entry.ts';
import type { CronJob } from '../jobs/cron-job.ts';
import { loadJobs, zoneOfJob } from '../jobs/load-jobs.ts';
import { NEXT_OPTIONS } from './options.ts';
import { crontabRules, defaultZone, podName } from './rules.ts';
import { readSubCommand } from './sub-command.ts';

const USAGE = 'next FILE [--from TIME] [--tz ZONE] [--count N] [--output text|json]';

interface Start {
  readonly job: CronJob;
  readonly zone: Zone;
  /** With jitter. */
  readonly instant: number;
  readonly dstNote: DstNote | undefined;
}

/** `pillion cron next FILE`: the coming starts of all jobs in their order. */
export async function nextCommand(context: CommandContext): Promise<number> {
  const { values, positionals } = readSubCommand(context, NEXT_OPTIONS, USAGE, ['FILE']);
  if (values.help) {
    const { NEXT_HELP } = await import('./help.ts');
    context.stdout(NEXT_HELP());
    return 0;
  }
  const from = values.from === '' ? systemClock.now() : parseInstant(values.from);
  const zone = defaultZone(values);
  const loaded = await loadJobs(resolve(context.cwd, positionals[0] ?? ''), {
    process: context,
    rules: crontabRules(values, context.startedAs),
    defaultZone: zone,
    lenient: true,
    now: from,
  });
  const starts = comingStarts(loaded.jobs, zone, podName(values), from, values.count);
  context.stdout(values.output === 'json' ? toJson(starts) : toText(starts));
  return 0;
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

function parseInstant(text: string): number {
  const instant = RFC3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  if (Number.isNaN(instant)) {
    throw usageError(
      `--from "${text}" is not a moment`,
      'RFC 3339 with an offset, e.g. 2025-03-09T00:00:00-05:00 or 2025-03-09T05:00:00Z',
    );
  }
  return instant;
}

function comingStarts(
  jobs: readonly CronJob[],
  defaultZoneOfJobs: Zone,
  pod: string,
  from: number,
  count: number,
): Start[] {
  const entries = jobs.map((job) => {
    const spec = { ...job, policy: job.options };
    const zone = zoneOfJob(job, defaultZoneOfJobs);
    const entry = { spec, zone, jitterMs: jitterOf(spec, pod), anchor: from };
    return { job, entry, due: dueAfter(entry, from) };
  });
  const starts: Start[] = [];
  while (starts.length < count) {
    const first = entries
      .filter(({ due }) => due !== undefined)
      .reduce<(typeof entries)[number] | undefined>(
        (best, one) => (best && startOf(best) <= startOf(one) ? best : one),
        undefined,
      );
    if (first?.due === undefined) {
      break;
    }
    const { spec, zone, jitterMs } = first.entry;
    const instant = first.due + jitterMs;
    starts.push({ job: first.job, zone, instant, dstNote: dstNoteOf(spec.schedule, zone, first.due) });
    first.due = dueAfter(first.entry, instant);
  }
  return starts;
}

function startOf({ entry, due }: { entry: { jitterMs: number }; due: number | undefined }): number {
  return (due ?? Number.POSITIVE_INFINITY) + entry.jitterMs;
}

function toJson(starts: readonly Start[]): string {
  const rows = starts.map(({ job, zone, instant, dstNote }) => ({
    job: job.name,
    line: job.line,
    at: formatInstant(instant, zone),
    ...(dstNote === undefined ? {} : { note: dstNote }),
  }));
  return `${JSON.stringify(rows, undefined, 2)}\n`;
}

const NOTES: Readonly<Record<DstNote, string>> = {
  'after-gap': 'its time is skipped by the clock: right after the gap',
  'first-pass': 'the clock shows this time twice: first pass',
  'second-pass': 'the clock shows this time twice: second pass',
};

function toText(starts: readonly Start[]): string {
  if (starts.length === 0) {
    return 'no job starts again\n';
  }
  const width = Math.max(...starts.map(({ job }) => job.name.length));
  const lines = starts.map(({ job, zone, instant, dstNote }) => {
    const note = dstNote === undefined ? '' : `  # ${NOTES[dstNote]}`;
    return `${formatInstant(instant, zone)}  ${job.name.padEnd(width)}  line ${job.line}${note}`;
  });
  return `${lines.join('\n')}\n`;
}
