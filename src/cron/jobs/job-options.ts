import { errorMessage } from '../../core/errors.ts';
import { parseGoBool } from '../../core/options/go-values.ts';
import { nearest } from '../../core/options/lookup.ts';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import { DEFAULT_POLICY, type JobPolicy, type OverlapPolicy } from '../../scheduler/job-spec.ts';
import type { Leftovers } from '../../scheduler/runs/command-body.ts';
import type { ExitRule } from '../../scheduler/runs/command-end.ts';
import * as values from './option-values.ts';

const OVERLAP_POLICIES: readonly OverlapPolicy[] = ['forbid', 'allow', 'replace', 'queue'];
const LEFTOVERS: readonly Leftovers[] = ['kill', 'keep', 'wait'];

/** How one job is run: what the scheduler asks for, and what only commands and their files have. */
export interface JobOptions extends JobPolicy {
  readonly name: string | undefined;
  /** undefined: the zone of the file, or of the scheduler. */
  readonly zone: string | undefined;
  readonly exitCodes: readonly ExitRule[];
  /** Read before each attempt; relative to the job's working directory. */
  readonly envFile: string | undefined;
  /** healthchecks.io style: URL/start, URL, URL/fail. May be `$NAME` of an environment variable. */
  readonly ping: string | undefined;
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  /** Output beyond this is dropped, per attempt. */
  readonly maxOutputBytes: number | undefined;
  /** What becomes of processes of the group that outlive the job's own. */
  readonly leftovers: Leftovers;
}

export const DEFAULT_JOB_OPTIONS: JobOptions = {
  ...DEFAULT_POLICY,
  name: undefined,
  zone: undefined,
  exitCodes: [],
  envFile: undefined,
  ping: undefined,
  onSuccess: undefined,
  onFailure: undefined,
  maxOutputBytes: undefined,
  leftovers: 'kill',
};

interface JobOption {
  /** The form of a value: shown in help, and as advice with every refusal. */
  readonly form: string;
  readonly help: string;
  readonly read: (text: string) => Partial<JobOptions>;
}

const DURATION = 'such as 90s, 10m or 1h30m';
const URL_FORM = 'an http(s) URL, or $NAME of a variable that holds one';

/** The keys as they are written, in a comment line or in YAML. */
const JOB_OPTIONS: Readonly<Record<string, JobOption>> = {
  name: {
    form: '1 to 64 letters, digits or ._-:/ that begin and end with a letter or digit',
    help: 'label in logs, metrics and /status',
    read: (text) => ({ name: values.jobName(text) }),
  },
  tz: {
    form: 'a name such as Europe/Berlin',
    help: 'time zone of its schedule',
    read: (text) => ({ zone: values.zoneName(text) }),
  },
  overlap: {
    form: OVERLAP_POLICIES.join(', '),
    help: 'what becomes of a start while it runs',
    read: (text) => ({ overlap: values.oneOf(text, OVERLAP_POLICIES) }),
  },
  timeout: {
    form: DURATION,
    help: 'limit of an attempt',
    read: (text) => ({ timeoutMs: values.limit(text) }),
  },
  'kill-after': {
    form: DURATION,
    help: 'from SIGTERM to SIGKILL for its process group',
    read: (text) => ({ killAfterMs: values.duration(text) }),
  },
  retries: {
    form: 'a number from 0 to 100',
    help: 'further attempts after a failure',
    read: (text) => ({ retries: values.count(text, 100) }),
  },
  'retry-delay': {
    form: DURATION,
    help: 'wait before the first retry, doubled with each further one',
    read: (text) => ({ retryDelayMs: values.duration(text) }),
  },
  jitter: {
    form: DURATION,
    help: 'puts starts off by up to this, fixed per pod and job',
    read: (text) => ({ jitterMs: values.duration(text) }),
  },
  'start-deadline': {
    form: DURATION,
    help: 'skip a start that is later than this',
    read: (text) => ({ startDeadlineMs: values.limit(text) }),
  },
  'catch-up': {
    form: `${DURATION}, or off`,
    help: 'make up for a start missed at most this long ago (with --state-file)',
    read: (text) => ({ catchUpMs: text === 'off' ? undefined : values.limit(text) }),
  },
  'run-at-start': {
    form: 'true or false',
    help: 'also run when the scheduler starts',
    read: (text) => ({ runAtStart: parseGoBool(text) }),
  },
  'exit-codes': {
    form: 'a list such as 3:success,75-78:final',
    help: 'which exit codes are success, failure, or failure without a retry',
    read: (text) => ({ exitCodes: values.exitRules(text) }),
  },
  'env-file': {
    form: 'the path of a file of NAME=value lines',
    help: 'more environment, read before each attempt',
    read: (text) => ({ envFile: values.path(text) }),
  },
  ping: {
    form: URL_FORM,
    help: 'pinged at start, success and failure: URL/start, URL, URL/fail',
    read: (text) => ({ ping: values.url(text) }),
  },
  'on-success': {
    form: URL_FORM,
    help: 'gets a POST with JSON after a success',
    read: (text) => ({ onSuccess: values.url(text) }),
  },
  'on-failure': {
    form: URL_FORM,
    help: 'gets a POST with JSON after a failure',
    read: (text) => ({ onFailure: values.url(text) }),
  },
  'max-output': {
    form: 'a size such as 64Ki or 10Mi',
    help: 'output of a run beyond this is dropped',
    read: (text) => ({ maxOutputBytes: values.bytes(text) }),
  },
  leftovers: {
    form: LEFTOVERS.join(', '),
    help: 'end processes that a job leaves in its group, keep them, or wait until they close its output',
    read: (text) => ({ leftovers: values.oneOf(text, LEFTOVERS) }),
  },
};

export const JOB_OPTION_KEYS: readonly string[] = Object.keys(JOB_OPTIONS);

/** For help pages: a line per option. */
export function jobOptionLines(): string[] {
  const width = Math.max(...JOB_OPTION_KEYS.map((key) => key.length));
  return Object.entries(JOB_OPTIONS).map(([key, { help, form }]) => `${key.padEnd(width)}  ${help}: ${form}`);
}

/**
 * Reads one option of a job.
 * @throws GrammarError with `offset` as its offset
 */
export function readJobOption(key: string, text: string, offset: number): Partial<JobOptions> {
  const option = Object.hasOwn(JOB_OPTIONS, key) ? JOB_OPTIONS[key] : undefined;
  if (option === undefined) {
    const near = nearest(key.slice(0, 40), JOB_OPTION_KEYS);
    const hint = near === undefined ? `known: ${JOB_OPTION_KEYS.join(', ')}` : `did you mean ${near}?`;
    throw new GrammarError(`unknown job option "${key.slice(0, 40)}"`, offset, hint);
  }
  try {
    return option.read(text);
  } catch (error) {
    throw new GrammarError(`${key}: ${errorMessage(error)}`, offset, option.form);
  }
}

/** Of options in one line: there may be several lines. */
const MAX_LENGTH = 16_384;

/** Reads `key=value key="a b"`; the offsets of errors count from the beginning of `text` plus `offset`. */
export function parseOptionWords(text: string, offset: number): Partial<JobOptions> {
  if (text.length > MAX_LENGTH) {
    throw new GrammarError('the options are too long', offset, `at most ${MAX_LENGTH} characters in a line`);
  }
  const options: Partial<JobOptions> = {};
  const pattern = /\s*(?:([^\s=]+)=("[^"]*"|'[^']*'|[^\s"']*)(?=\s|$)|\S+)/y;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, key, value = ''] = match;
    const at = offset + match.index + whole.length - whole.trimStart().length;
    if (key === undefined) {
      // Not repeated: it may be the address of a ping.
      throw new GrammarError('this is not key=value', at, 'for example timeout=10m');
    }
    Object.assign(options, readJobOption(key, value.replace(/^(["'])(.*)\1$/, '$2'), at));
  }
  return options;
}
