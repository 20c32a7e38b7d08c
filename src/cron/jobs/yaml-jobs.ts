import * as v from 'valibot';
import { LineCounter, parseDocument } from 'yaml';
import { nearest } from '../../core/options/lookup.ts';
import { isNestedTooDeeply } from '../../core/options/yaml-nesting.ts';
import { splitWords } from '../../scheduler/grammar/expression.ts';
import { GrammarError, type Remark } from '../../scheduler/grammar/grammar-error.ts';
import { type Command, commandText } from '../../scheduler/runs/command.ts';
import type { CronJob, CrontabRules, ParsedJobs } from './cron-job.ts';
import type { Finding } from './findings.ts';
import { derivedName, uniqueNames } from './job-names.ts';
import { JOB_OPTION_KEYS, type JobOptions, readJobOption } from './job-options.ts';
import { parseSchedule } from './seconds-first.ts';
import { at, contentOf, offsetOf, type Path, type Source } from './yaml-source.ts';

const scalar = v.union([v.string(), v.number(), v.boolean()], 'must be a string, number or boolean');
const environment = v.record(v.string(), scalar);
const text = v.pipe(v.string('must be a string'), v.nonEmpty('must not be empty'));
const optionEntries = Object.fromEntries(JOB_OPTION_KEYS.map((key) => [key, v.optional(scalar)]));
const defaults = v.strictObject(optionEntries);
const job = v.strictObject({
  ...optionEntries,
  schedule: text,
  command: v.union(
    [text, v.pipe(v.array(v.string()), v.minLength(1))],
    'must be a string or a list of strings',
  ),
  env: v.optional(environment),
  shell: v.optional(text),
  cwd: v.optional(text),
});
const file = v.strictObject({
  tz: v.optional(text),
  shell: v.optional(text),
  env: v.optional(environment),
  defaults: v.optional(defaults),
  jobs: v.array(job, 'must be a list of jobs'),
});
type YamlFile = v.InferOutput<typeof file>;
type YamlJob = v.InferOutput<typeof job>;
type Value = string | number | boolean;

/** Reads a job file in YAML: the same keys as in `# pillion:` comments, with `schedule` and `command`. */
export function parseYamlJobs(source: string, fileName: string, rules: CrontabRules): ParsedJobs {
  const lines = new LineCounter();
  const nothing = (errors: Finding[]): ParsedJobs => ({ jobs: [], errors, warnings: [], notes: [] });
  if (isNestedTooDeeply(source)) {
    return nothing([{ file: fileName, line: 1, column: 1, message: 'this is nested too deeply' }]);
  }
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const place = { file: fileName, document, lines };
  if (document.errors.length > 0) {
    return nothing(document.errors.map((error) => at(place, error.pos[0], error.message)));
  }
  const content = contentOf(document);
  if ('message' in content) {
    return nothing([at(place, content.offset, content.message, content.hint)]);
  }
  const result = v.safeParse(file, content.value ?? {});
  if (!result.success) {
    return nothing(result.issues.map((issue) => shapeError(place, issue)));
  }
  const findings = { errors: [] as Finding[], warnings: [] as Finding[] };
  const common = readDefaults(place, result.output, rules, findings.errors);
  const jobs = result.output.jobs.flatMap((entry, index) => {
    return readJob(place, result.output, entry, index, common, findings) ?? [];
  });
  checkNames(place, jobs, findings.errors);
  return { jobs: uniqueNames(jobs), ...findings, notes: [] };
}

function shapeError(source: Source, issue: v.BaseIssue<unknown>): Finding {
  const path = (issue.path ?? []).map((item) => item.key as string | number);
  const name = path.join('.') || 'the file';
  const offset = offsetOf(source, path);
  const key = String(path.at(-1) ?? '');
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = path[0] === 'jobs' ? Object.keys(job.entries) : Object.keys(file.entries);
    const near = nearest(key, known);
    return at(
      source,
      offset,
      `unknown key "${key}"`,
      near ? `did you mean ${near}?` : `known: ${known.join(', ')}`,
    );
  }
  return issue.input === undefined
    ? at(source, offset, `${name} is missing`, 'a file has jobs, a job has schedule and command')
    : at(source, offset, `${name} ${issue.message}`);
}

function readDefaults(source: Source, whole: YamlFile, rules: CrontabRules, errors: Finding[]): CrontabRules {
  let path: Path = ['tz'];
  try {
    const zone = whole.tz === undefined ? {} : readJobOption('tz', whole.tz, 0);
    const options = readOptions(whole.defaults, (name) => (path = ['defaults', name]));
    return { ...rules, defaults: { ...rules.defaults, ...zone, ...options } };
  } catch (error) {
    if (!(error instanceof GrammarError)) {
      throw error;
    }
    errors.push(at(source, offsetOf(source, path), error.message, error.hint));
    return rules;
  }
}

function readJob(
  source: Source,
  whole: YamlFile,
  entry: YamlJob,
  index: number,
  rules: CrontabRules,
  { errors, warnings }: { readonly errors: Finding[]; readonly warnings: Finding[] },
): CronJob | undefined {
  let key = 'schedule';
  const onRemark = ({ offset, message, hint }: Remark): void => {
    warnings.push(at(source, offsetOf(source, ['jobs', index, 'schedule']) + offset, message, hint));
  };
  try {
    const options = { ...rules.defaults, ...readOptions(entry, (name) => (key = name)) };
    const command = readCommand(entry, whole.shell ?? '/bin/sh');
    key = 'schedule';
    const hashKey = `${rules.podName}\n${options.name ?? commandText(command)}`;
    const offset = offsetOf(source, ['jobs', index]);
    const { line, col } = source.lines.linePos(offset);
    return {
      name: options.name ?? derivedName(command),
      named: options.name !== undefined,
      line,
      column: col,
      position: index,
      schedule: parseSchedule(splitWords(entry.schedule), { ...rules, hashKey, onRemark }),
      scheduleText: entry.schedule,
      command,
      env: stringsOf({ ...whole.env, ...entry.env }),
      cwd: entry.cwd,
      zone: options.zone,
      options,
    };
  } catch (error) {
    if (!(error instanceof GrammarError)) {
      throw error;
    }
    const inner = key === 'schedule' ? error.offset : 0;
    errors.push(at(source, offsetOf(source, ['jobs', index, key]) + inner, error.message, error.hint));
    return undefined;
  }
}

function readOptions(
  entries:
    | Readonly<Record<string, Value | readonly string[] | Record<string, Value> | undefined>>
    | undefined,
  note: (key: string) => void = () => undefined,
): Partial<JobOptions> {
  let options: Partial<JobOptions> = {};
  for (const key of JOB_OPTION_KEYS) {
    const value = entries?.[key];
    if (value !== undefined && typeof value !== 'object') {
      note(key);
      options = { ...options, ...readJobOption(key, String(value), 0) };
    }
  }
  return options;
}

function readCommand(entry: YamlJob, shell: string): Command {
  return typeof entry.command === 'string'
    ? { kind: 'shell', shell: entry.shell ?? shell, line: entry.command }
    : { kind: 'program', argv: entry.command };
}

function stringsOf(values: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function checkNames(source: Source, jobs: readonly CronJob[], errors: Finding[]): void {
  const seen = new Set<string>();
  for (const { name, named, position } of jobs) {
    if (named && seen.has(name)) {
      errors.push(at(source, offsetOf(source, ['jobs', position, 'name']), `the name "${name}" is taken`));
    }
    seen.add(name);
  }
}
