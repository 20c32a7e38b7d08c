import { nearest } from '../../core/options/lookup.ts';
import { GrammarError, type Remark } from '../../scheduler/grammar/grammar-error.ts';
import type { CronJob, CrontabRules, ParsedJobs } from './cron-job.ts';
import { readJobLine } from './crontab-job.ts';
import { NO_SETTINGS, type Settings, variableRemarks, withVariable } from './crontab-settings.ts';
import { type EnvLine, parseEnvLine } from './env-line.ts';
import type { Finding } from './findings.ts';
import { uniqueNames } from './job-names.ts';
import { type JobOptions, parseOptionWords, readJobOption } from './job-options.ts';
import { adviseOnLine } from './line-advice.ts';

const OPTIONS_COMMENT = /^#[ \t]*pillion:/;
/** robfig/cron's way to give one job a zone: `CRON_TZ=Asia/Tokyo 0 5 * * * command`. */
const ZONED_JOB = /^CRON_TZ=([^\s"']+)[ \t]+(?=\S)/;

/** A file that has more is not a crontab. */
const MAX_ERRORS = 1000;

interface Reader {
  readonly file: string;
  readonly rules: CrontabRules;
  readonly jobs: CronJob[];
  readonly errors: Finding[];
  readonly warnings: Finding[];
  readonly notes: Finding[];
  settings: Settings;
  /** Whether no job holds the variables of `settings`. */
  isFresh: boolean;
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
    settings: NO_SETTINGS,
    isFresh: false,
    options: {},
    optionsLine: undefined,
  };
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    if (reader.errors.length >= MAX_ERRORS) {
      const message = 'too many errors: the rest of the file is not read';
      reader.errors.push(finding(reader, index + 1, { offset: 0, message, hint: 'is it a crontab?' }));
      break;
    }
    readLine(reader, line.endsWith('\r') ? line.slice(0, -1) : line, index + 1);
  }
  if (reader.optionsLine !== undefined) {
    const message = 'no job follows these options';
    reader.errors.push(
      finding(reader, reader.optionsLine, { offset: 0, message, hint: 'put them above the job' }),
    );
  }
  checkNames(reader);
  const { errors, warnings, notes, settings } = reader;
  const jobs =
    rules.envScope === 'file' ? reader.jobs.map((job) => withSettings(job, settings)) : reader.jobs;
  return { jobs: uniqueNames(jobs), errors, warnings, notes };
}

function finding(reader: Reader, line: number, remark: Omit<Remark, 'hint'> & { hint?: string }): Finding {
  const { offset, message, hint } = remark;
  return { file: reader.file, line, column: offset + 1, message, hint };
}

function readLine(reader: Reader, line: string, number: number): void {
  const text = line.replace(/^[ \t]+/, '');
  const indent = line.length - text.length;
  try {
    if (OPTIONS_COMMENT.test(text)) {
      readOptions(reader, text, indent, number);
    } else if (text.startsWith('#')) {
      remarkOnComment(reader, text, indent, number);
    } else if (text !== '') {
      readStatement(reader, text, indent, number);
    }
  } catch (error) {
    if (!(error instanceof GrammarError)) {
      throw error;
    }
    reader.errors.push(finding(reader, number, adviseOnLine(error, text, indent)));
    forgetOptions(reader);
  }
}

/** `# pilion: timeout=5s`, `# pillion timeout=5s`: options that would be a comment without a word. */
const NEARLY_OPTIONS = /^#+[ \t]*([A-Za-z]{5,9})(?:[ \t]*:)?[ \t]+[a-z-]{2,20}=/;

function remarkOnComment(reader: Reader, text: string, indent: number, number: number): void {
  const [, word] = NEARLY_OPTIONS.exec(text.slice(0, 100)) ?? [];
  if (word !== undefined && nearest(word.toLowerCase(), ['pillion']) !== undefined) {
    const message = 'this is a comment, and sets no options';
    reader.warnings.push(
      finding(reader, number, { offset: indent, message, hint: 'they begin with "# pillion:"' }),
    );
  }
}

function readOptions(reader: Reader, text: string, indent: number, number: number): void {
  const start = text.indexOf(':') + 1;
  const options = parseOptionWords(text.slice(start), indent + start);
  reader.options = { ...reader.options, ...options };
  reader.optionsLine ??= number;
}

function readStatement(reader: Reader, text: string, indent: number, number: number): void {
  const [prefix = '', zone] = ZONED_JOB.exec(text) ?? [];
  const variable = zone === undefined ? parseEnvLine(text) : undefined;
  if (variable !== undefined) {
    readVariable(reader, variable, number, indent);
    return;
  }
  const options = zone === undefined ? {} : readJobOption('tz', zone, indent);
  const { job, remarks } = readJobLine(
    {
      text: text.slice(prefix.length),
      indent: indent + prefix.length,
      line: number,
      position: reader.jobs.length,
    },
    reader.settings,
    { ...reader.options, ...options },
    reader.rules,
  );
  reader.jobs.push(job);
  reader.isFresh = false;
  reader.warnings.push(...remarks.warnings.map((remark) => finding(reader, number, remark)));
  reader.notes.push(...remarks.notes.map((remark) => finding(reader, number, remark)));
  forgetOptions(reader);
}

function forgetOptions(reader: Reader): void {
  reader.options = {};
  reader.optionsLine = undefined;
}

function readVariable(reader: Reader, variable: EnvLine, number: number, indent: number): void {
  const { rules, settings, isFresh } = reader;
  reader.settings = withVariable(settings, variable, rules, indent, isFresh);
  reader.isFresh = true;
  const { warnings, note } = variableRemarks(variable, rules, indent, reader.jobs.length > 0);
  reader.warnings.push(...warnings.map((remark) => finding(reader, number, remark)));
  if (note !== undefined) {
    reader.notes.push(finding(reader, number, note));
  }
}

function withSettings(job: CronJob, { env, shell, zone }: Settings): CronJob {
  const command = job.command.kind === 'shell' ? { ...job.command, shell } : job.command;
  return { ...job, env, zone: job.options.zone ?? zone, command };
}

function checkNames(reader: Reader): void {
  const seen = new Map<string, number>();
  for (const { name, named, line } of reader.jobs) {
    const first = named ? seen.get(name) : undefined;
    if (first !== undefined) {
      const message = `the name "${name}" is taken by line ${first}`;
      const hint = 'names are labels: give each job its own';
      reader.errors.push(finding(reader, line, { offset: 0, message, hint }));
    }
    if (named) {
      seen.set(name, line);
    }
  }
}
