import { parseWords } from '../../scheduler/grammar/expression.ts';
import { GrammarError } from '../../scheduler/grammar/grammar-error.ts';
import { type Command, commandText } from '../../scheduler/runs/command.ts';
import { findZone } from '../../scheduler/time/zone.ts';
import type { CronJob, CrontabRules, ParsedJobs } from './cron-job.ts';
import { type EnvLine, parseEnvLine } from './env-line.ts';
import type { Finding } from './findings.ts';
import { derivedName, uniqueNames } from './job-names.ts';
import { type JobOptions, parseOptionWords, readJobOption } from './job-options.ts';
import { splitPercent } from './percent.ts';
import { findScheduleWords, type ScheduleWords } from './schedule-words.ts';

const OPTIONS_COMMENT = /^#[ \t]*pillion:/;
/** robfig/cron's way to give one job a zone: `CRON_TZ=Asia/Tokyo 0 5 * * * command`. */
const ZONED_JOB = /^CRON_TZ=([^\s"']+)[ \t]+(?=\S)/;
const DEFAULT_SHELL = '/bin/sh';
const MINUTE_MS = 60_000;

/** What the lines so far say for the lines to come. */
interface Settings {
  readonly env: Readonly<Record<string, string>>;
  readonly shell: string;
  readonly zone: string | undefined;
  readonly jitterMs: number | undefined;
}

interface Reader {
  readonly file: string;
  readonly rules: CrontabRules;
  readonly jobs: CronJob[];
  readonly errors: Finding[];
  readonly warnings: Finding[];
  readonly notes: Finding[];
  settings: Settings;
  /** Of the comment lines above the next job. */
  options: Partial<JobOptions>;
  optionsLine: number | undefined;
}

/**
 * Reads a crontab: supercronic's, Vixie's and Debian's lines, `# pillion: key=value` comments above a job. Takes empty
 * values, CRLF, a byte order mark, tabs, any length of line, and a last line without its end.
 */
export function parseCrontab(text: string, file: string, rules: CrontabRules): ParsedJobs {
  const reader: Reader = {
    file,
    rules,
    jobs: [],
    errors: [],
    warnings: [],
    notes: [],
    settings: { env: {}, shell: DEFAULT_SHELL, zone: undefined, jitterMs: undefined },
    options: {},
    optionsLine: undefined,
  };
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    readLine(reader, line.endsWith('\r') ? line.slice(0, -1) : line, index + 1);
  }
  if (reader.optionsLine !== undefined) {
    reader.errors.push(
      finding(reader, reader.optionsLine, 0, 'no job follows these options', 'put them above the job'),
    );
  }
  checkNames(reader);
  const { errors, warnings, notes, settings } = reader;
  const jobs =
    rules.envScope === 'file' ? reader.jobs.map((job) => withSettings(job, settings)) : reader.jobs;
  return { jobs: uniqueNames(jobs), errors, warnings, notes };
}

function finding(reader: Reader, line: number, offset: number, message: string, hint?: string): Finding {
  return { file: reader.file, line, column: offset + 1, message, hint };
}

function readLine(reader: Reader, line: string, number: number): void {
  const text = line.replace(/^[ \t]+/, '');
  const indent = line.length - text.length;
  try {
    if (OPTIONS_COMMENT.test(text)) {
      const start = text.indexOf(':') + 1;
      const options = parseOptionWords(text.slice(start), indent + start);
      reader.options = { ...reader.options, ...options };
      reader.optionsLine ??= number;
      return;
    }
    if (text === '' || text.startsWith('#')) {
      return;
    }
    const [zoned = '', zone] = ZONED_JOB.exec(text) ?? [];
    const env = zone === undefined ? parseEnvLine(text) : undefined;
    if (env !== undefined) {
      readEnv(reader, env, number, indent);
      return;
    }
    if (zone !== undefined) {
      reader.options = { ...reader.options, ...readJobOption('tz', zone, indent) };
    }
    reader.jobs.push(readJob(reader, text.slice(zoned.length), indent + zoned.length, number));
    takeOptions(reader);
  } catch (error) {
    if (!(error instanceof GrammarError)) {
      throw error;
    }
    reader.errors.push(finding(reader, number, error.offset, error.message, error.hint));
    takeOptions(reader);
  }
}

function takeOptions(reader: Reader): Partial<JobOptions> {
  const { options } = reader;
  reader.options = {};
  reader.optionsLine = undefined;
  return options;
}

function readEnv(reader: Reader, { name, value }: EnvLine, line: number, indent: number): void {
  const { settings, rules } = reader;
  if (name === 'CRON_TZ') {
    if (value !== '' && findZone(value) === undefined) {
      throw new GrammarError(`unknown time zone "${value}"`, indent, 'a name such as Europe/Berlin');
    }
    reader.settings = { ...settings, zone: value === '' ? undefined : value };
  } else if (name === 'RANDOM_DELAY') {
    reader.settings = { ...settings, jitterMs: randomDelay(value, indent) };
  } else if (name === 'SHELL') {
    reader.settings = { ...settings, shell: value === '' ? DEFAULT_SHELL : value };
  }
  reader.settings = { ...reader.settings, env: { ...settings.env, [name]: value } };
  const hint = ENV_WARNINGS[name];
  if (hint !== undefined && value !== '') {
    reader.warnings.push(finding(reader, line, indent, hint));
  }
  if (reader.jobs.length > 0 && rules.envScope === 'following') {
    const message = `${name} holds for the lines below it only`;
    reader.warnings.push(
      finding(reader, line, indent, message, 'supercronic applies it to the whole file: --env-scope=file'),
    );
  }
}

const ENV_WARNINGS: Readonly<Record<string, string>> = {
  USER: 'USER is passed to the jobs, but they run as the user of this process',
  MAILTO: 'no mail is sent; use on-failure=URL in a "# pillion:" comment',
  TZ: 'TZ is passed to the jobs; CRON_TZ is what moves the schedule',
};

/** cronie counts it in minutes. */
function randomDelay(value: string, offset: number): number {
  if (!/^\d{0,4}$/.test(value)) {
    throw new GrammarError(`RANDOM_DELAY "${value}" is not a number`, offset, 'minutes, from 0 to 9999');
  }
  return Number(value) * MINUTE_MS;
}

function readJob(reader: Reader, text: string, indent: number, line: number): CronJob {
  const { rules, settings } = reader;
  const found = findScheduleWords(text, rules.sixth);
  const scheduleText = text.slice(0, found.rest).trimEnd();
  const command = readCommand(reader, text, found.rest, indent);
  const options = { ...rules.defaults, ...jitterOf(settings), ...reader.options };
  const words = found.words.map((word) => ({ ...word, offset: word.offset + indent }));
  const hashKey = `${rules.podName}\n${options.name ?? commandText(command)}`;
  const schedule = parseWords(words, { ...rules, hashKey });
  if (commandText(command) === '') {
    throw new GrammarError('there is no command', indent + text.length, 'put one behind the schedule');
  }
  addNotes(reader, line, indent, found, commandText(command));
  return {
    name: options.name ?? derivedName(command),
    named: options.name !== undefined,
    line,
    column: indent + 1,
    position: reader.jobs.length,
    schedule,
    scheduleText,
    command,
    env: settings.env,
    zone: options.zone ?? settings.zone,
    options,
  };
}

function jitterOf({ jitterMs }: Settings): Partial<JobOptions> {
  return jitterMs === undefined ? {} : { jitterMs };
}

function readCommand(reader: Reader, text: string, start: number, indent: number): Command {
  const { rules, settings } = reader;
  let rest = text.slice(start);
  if (rules.system) {
    const [user = ''] = /^[^ \t]*/.exec(rest) ?? [];
    if (user !== '' && !rules.ownNames.includes(user)) {
      throw new GrammarError(
        `the job is for user "${user.slice(0, 40)}", this runs as ${rules.ownNames.join('/')}`,
        indent + start,
        'run a container as that user, or take the line out',
      );
    }
    rest = rest.slice(user.length).replace(/^[ \t]+/, '');
  }
  const shell = settings.shell;
  if (!rules.percent) {
    return { kind: 'shell', shell, line: rest };
  }
  const { line, stdin } = splitPercent(rest);
  return { kind: 'shell', shell, line, ...(stdin === undefined ? {} : { stdin }) };
}

function addNotes(
  reader: Reader,
  line: number,
  indent: number,
  { rest, ambiguous, leftField }: ScheduleWords,
  command: string,
): void {
  if (leftField) {
    const message = 'the command begins with what could be a field';
    const hint = 'six fields that begin with a second: --fields=second';
    reader.warnings.push(finding(reader, line, indent + rest, message, hint));
  }
  if (ambiguous) {
    const hint = 'croner and most libraries read a second in front: --fields=second';
    const message = 'six fields are read as minute to weekday and a year';
    reader.notes.push(
      finding(reader, line, indent, message, reader.rules.sixth === 'year' ? hint : undefined),
    );
  }
  if (/^root[ \t]/.test(command)) {
    const message = 'the command begins with "root", as in the user column of /etc/crontab';
    reader.warnings.push(finding(reader, line, indent + rest, message, '--system reads that column'));
  }
  if (!reader.rules.percent && /(?<!\\)%/.test(command.slice(0, 4096))) {
    const message = '% is passed to the shell as it is';
    reader.notes.push(finding(reader, line, indent + rest, message, 'Vixie cron: --vixie-percent'));
  }
}

function withSettings(job: CronJob, { env, shell, zone }: Settings): CronJob {
  const command = job.command.kind === 'shell' ? { ...job.command, shell } : job.command;
  return { ...job, env, zone: job.options.zone ?? zone, command };
}

function checkNames(reader: Reader): void {
  const seen = new Map<string, number>();
  for (const job of reader.jobs.filter(({ named }) => named)) {
    const first = seen.get(job.name);
    if (first !== undefined) {
      const message = `the name "${job.name}" is taken by line ${first}`;
      reader.errors.push(finding(reader, job.line, 0, message, 'names are labels: give each job its own'));
    }
    seen.set(job.name, job.line);
  }
}
