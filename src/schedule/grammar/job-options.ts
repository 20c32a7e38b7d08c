import { errorMessage } from '../../core/errors.ts';
import { parseGoBool, parseGoDuration } from '../../core/options/go-values.ts';
import { nearest } from '../../core/options/lookup.ts';
import { GrammarError } from './grammar-error.ts';

export type OverlapPolicy = 'forbid' | 'allow' | 'replace' | 'queue';
const OVERLAP_POLICIES: readonly OverlapPolicy[] = ['forbid', 'allow', 'replace', 'queue'];

/** What an exit code means: `final` is a failure that a retry cannot mend. */
export type ExitMeaning = 'success' | 'failure' | 'final';
const EXIT_MEANINGS: readonly ExitMeaning[] = ['success', 'failure', 'final'];

export interface ExitRule {
  readonly from: number;
  readonly to: number;
  readonly meaning: ExitMeaning;
}

/** How one job is run; durations are milliseconds, undefined is no limit. */
export interface JobOptions {
  readonly name: string | undefined;
  readonly overlap: OverlapPolicy;
  readonly timeoutMs: number | undefined;
  /** From SIGTERM to SIGKILL. */
  readonly killAfterMs: number;
  readonly retries: number;
  /** Before the first retry; doubles with each further one, up to an hour. */
  readonly retryDelayMs: number;
  /** Starts are put off by a part of this that is fixed for pod and job. */
  readonly jitterMs: number;
  /** A start that is later than this is skipped. */
  readonly startDeadlineMs: number | undefined;
  /** A start missed while nothing ran is made up for when it is not older than this. */
  readonly catchUpMs: number | undefined;
  readonly runAtStart: boolean;
  readonly exitCodes: readonly ExitRule[];
  /** healthchecks.io style: URL/start, URL, URL/fail. May be `$NAME` of an environment variable. */
  readonly ping: string | undefined;
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  /** Output beyond this is dropped, per run. */
  readonly maxOutputBytes: number | undefined;
  /** What becomes of processes of the group that outlive the job's own. */
  readonly leftovers: 'kill' | 'keep';
}

export const DEFAULT_JOB_OPTIONS: JobOptions = {
  name: undefined,
  overlap: 'forbid',
  timeoutMs: undefined,
  killAfterMs: 5000,
  retries: 0,
  retryDelayMs: 10_000,
  jitterMs: 0,
  startDeadlineMs: undefined,
  catchUpMs: undefined,
  runAtStart: false,
  exitCodes: [],
  ping: undefined,
  onSuccess: undefined,
  onFailure: undefined,
  maxOutputBytes: undefined,
  leftovers: 'kill',
};

type Reader = (text: string) => Partial<JobOptions>;

/** The keys as they are written, in a comment line or in YAML. */
const READERS: Readonly<Record<string, Reader>> = {
  name: (text) => ({ name: jobName(text) }),
  overlap: (text) => ({ overlap: oneOf(text, OVERLAP_POLICIES) }),
  timeout: (text) => ({ timeoutMs: positive(text) }),
  'kill-after': (text) => ({ killAfterMs: duration(text) }),
  retries: (text) => ({ retries: count(text, 100) }),
  'retry-delay': (text) => ({ retryDelayMs: duration(text) }),
  jitter: (text) => ({ jitterMs: duration(text) }),
  'start-deadline': (text) => ({ startDeadlineMs: positive(text) }),
  'catch-up': (text) => ({ catchUpMs: text === 'off' ? undefined : positive(text) }),
  'run-at-start': (text) => ({ runAtStart: parseGoBool(text) }),
  'exit-codes': (text) => ({ exitCodes: exitRules(text) }),
  ping: (text) => ({ ping: url(text) }),
  'on-success': (text) => ({ onSuccess: url(text) }),
  'on-failure': (text) => ({ onFailure: url(text) }),
  'max-output': (text) => ({ maxOutputBytes: bytes(text) }),
  leftovers: (text) => ({ leftovers: oneOf(text, ['kill', 'keep'] as const) }),
};

export const JOB_OPTION_KEYS: readonly string[] = Object.keys(READERS);

/**
 * Reads one option of a job.
 * @throws GrammarError with `offset` as its offset
 */
export function readJobOption(key: string, text: string, offset: number): Partial<JobOptions> {
  const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
  if (reader === undefined) {
    const near = nearest(key.slice(0, 40), JOB_OPTION_KEYS);
    const hint = near === undefined ? `known: ${JOB_OPTION_KEYS.join(', ')}` : `did you mean ${near}?`;
    throw new GrammarError(`unknown job option "${key.slice(0, 40)}"`, offset, hint);
  }
  try {
    return reader(text);
  } catch (error) {
    throw new GrammarError(`${key}: ${errorMessage(error)}`, offset);
  }
}

/** Reads `key=value key="a b"`; the offsets of errors count from the beginning of `text` plus `offset`. */
export function parseOptionWords(text: string, offset: number): Partial<JobOptions> {
  let options: Partial<JobOptions> = {};
  const pattern = /\s*(?:([^\s=]+)=("[^"]*"|'[^']*'|[^\s"']*)(?=\s|$)|(\S+))/y;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, key, value = '', other] = match;
    const at = offset + match.index + whole.length - whole.trimStart().length;
    if (key === undefined) {
      throw new GrammarError(
        `"${(other ?? '').slice(0, 40)}" is not key=value`,
        at,
        'for example timeout=10m',
      );
    }
    options = { ...options, ...readJobOption(key, value.replace(/^(["'])(.*)\1$/, '$2'), at) };
  }
  return options;
}

const NAME = /^[A-Za-z0-9](?:[\w.:/-]{0,62}[A-Za-z0-9])?$/;

function jobName(text: string): string {
  if (!NAME.test(text)) {
    throw new Error('must have 1 to 64 letters, digits or ._-:/ and begin and end with a letter or digit');
  }
  return text;
}

function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text);
  if (found === undefined) {
    throw new Error(`"${text}" must be one of ${allowed.join(', ')}`);
  }
  return found;
}

function duration(text: string): number {
  if (/^\d+$/.test(text) && Number(text) !== 0) {
    throw new Error(`${text} needs a unit, for example ${text}s`);
  }
  const ms = parseGoDuration(text);
  if (ms < 0) {
    throw new Error('must not be negative');
  }
  return ms;
}

/** 0 is no limit, as everywhere in Kubernetes. */
function positive(text: string): number | undefined {
  const ms = duration(text);
  return ms === 0 ? undefined : ms;
}

function count(text: string, max: number): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > max) {
    throw new Error(`"${text}" must be a number from 0 to ${max}`);
  }
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  Ki: 1024,
  M: 1e6,
  Mi: 1024 ** 2,
  G: 1e9,
  Gi: 1024 ** 3,
};

function bytes(text: string): number {
  const match = /^(\d{1,12})(|k|Ki|M|Mi|G|Gi)B?$/.exec(text);
  const factor = UNITS[match?.[2] ?? 'none'];
  if (match === null || factor === undefined) {
    throw new Error(`"${text}" must be a size such as 64Ki or 10Mi`);
  }
  return Number(match[1]) * factor;
}

/** `3:success,75:final,100-110:failure` */
function exitRules(text: string): ExitRule[] {
  return text.split(',').map((item) => {
    const match = /^(\d{1,3})(?:-(\d{1,3}))?:(\w+)$/.exec(item);
    const from = Number(match?.[1] ?? -1);
    const to = Number(match?.[2] ?? from);
    if (match === null || from > to || to > 255) {
      throw new Error(`"${item}" must be like 3:success or 100-110:final`);
    }
    return { from, to, meaning: oneOf(match[3] ?? '', EXIT_MEANINGS) };
  });
}

function url(text: string): string {
  if (/^\$[A-Za-z_]\w*$/.test(text)) {
    return text;
  }
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Error('must be an http or https URL, or $NAME of an environment variable that holds one');
  }
  return text;
}
