import { GrammarError, type Remark } from '../../scheduler/grammar/grammar-error.ts';
import { findZone, zoneAdvice } from '../../scheduler/time/find-zone.ts';

import type { CrontabRules } from './cron-job.ts';
import type { EnvLine } from './env-line.ts';

const DEFAULT_SHELL = '/bin/sh';
const MINUTE_MS = 60_000;
/** More than any environment has; every job after a changed variable holds a set of its own. */
const MAX_VARIABLES = 1000;

/** What the `NAME=value` lines so far say for the lines to come. */
export interface Settings {
  readonly env: Readonly<Record<string, string>>;
  readonly variables: number;
  readonly shell: string;
  readonly zone: string | undefined;
  readonly jitterMs: number | undefined;
}

export const NO_SETTINGS: Settings = {
  env: {},
  variables: 0,
  shell: DEFAULT_SHELL,
  zone: undefined,
  jitterMs: undefined,
};

/**
 * The settings after one more line.
 * @param isFresh whether nothing else holds `settings.env`, so that it may be changed in place
 * @throws GrammarError with `offset`
 */
export function withVariable(
  settings: Settings,
  { name, value }: EnvLine,
  rules: CrontabRules,
  offset: number,
  isFresh: boolean,
): Settings {
  const isNew = !Object.hasOwn(settings.env, name);
  if (isNew && settings.variables >= MAX_VARIABLES) {
    throw new GrammarError(`more than ${MAX_VARIABLES} variables`, offset, 'an env-file has room for more');
  }
  const variables = settings.variables + (isNew ? 1 : 0);
  const env = isFresh
    ? Object.defineProperty(settings.env, name, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    : { ...settings.env, [name]: value };
  return { ...settings, env, variables, ...meaningOf(name, value, rules, offset) };
}

/** What some names mean beyond being passed to the jobs. */
function meaningOf(name: string, value: string, rules: CrontabRules, offset: number): Partial<Settings> {
  if (name === 'CRON_TZ') {
    if (value !== '' && findZone(value) === undefined) {
      const hint = zoneAdvice(value, 'a name such as Europe/Berlin');
      throw new GrammarError(`unknown time zone "${value}"`, offset, hint);
    }
    return { zone: value === '' ? undefined : value };
  }
  if (name === 'SHELL') {
    return { shell: value === '' ? DEFAULT_SHELL : value };
  }
  return name === 'RANDOM_DELAY' && rules.randomDelay === 'jitter'
    ? { jitterMs: randomDelay(value, offset) }
    : {};
}

/** cronie counts it in minutes. */
function randomDelay(value: string, offset: number): number {
  if (!/^\d{0,4}$/.test(value)) {
    throw new GrammarError(`RANDOM_DELAY "${value}" is not a number`, offset, 'minutes, from 0 to 9999');
  }
  return Number(value) * MINUTE_MS;
}

const WARNINGS: Readonly<Record<string, string>> = {
  USER: 'USER is passed to the jobs, but they run as the user of this process',
  MAILTO: 'no mail is sent; use on-failure=URL in a "# pillion:" comment',
  TZ: 'TZ is passed to the jobs; CRON_TZ is what moves the schedule',
};

type VariableRemark = Omit<Remark, 'hint'> & { readonly hint?: string };

/** What is to be said about a variable that other crons treat differently. */
export function variableRemarks(
  { name, value }: EnvLine,
  rules: CrontabRules,
  offset: number,
  afterJobs: boolean,
): { warnings: VariableRemark[]; note: VariableRemark | undefined } {
  const warnings: VariableRemark[] = [];
  const known = value === '' ? undefined : WARNINGS[name];
  if (known !== undefined) {
    warnings.push({ offset, message: known });
  }
  if (afterJobs && rules.envScope === 'following') {
    const message = `${name} holds for the lines below it only`;
    const hint = 'supercronic applies it to the whole file: --env-scope=file';
    warnings.push({ offset, message, hint });
  }
  const isDelay = name === 'RANDOM_DELAY' && /[1-9]/.test(value);
  return { warnings, note: isDelay ? { offset, ...DELAY_NOTES[rules.randomDelay] } : undefined };
}

const DELAY_NOTES: Readonly<Record<CrontabRules['randomDelay'], { message: string; hint: string }>> = {
  jitter: {
    message: 'RANDOM_DELAY puts starts off by up to so many minutes, as in cronie',
    hint: 'the delay is the same at every start of a pod; for one job: jitter=',
  },
  variable: {
    message: 'RANDOM_DELAY is a variable like any other here, as in supercronic',
    hint: 'to put starts off: jitter= in a "# pillion:" comment',
  },
};
