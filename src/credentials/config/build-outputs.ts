import { ESCAPERS } from '../outputs/escape.ts';
import {
  envFormat,
  jsonFormat,
  LIBPQ_VARIABLES,
  mysqlFormat,
  pgbouncerFormat,
  pgpassFormat,
  pgpassModeProblem,
  pgServiceFormat,
  type Render,
  rawFormat,
  templateFormat,
} from '../outputs/formats.ts';
import { FIELDS, type Field, parseTemplate, TemplateError } from '../outputs/template.ts';
import { FORMATS } from './names.ts';
import { ConfigProblem } from './problem.ts';
import type { OutputEntry, OutputObject } from './schema.ts';
import type { OutputSpec } from './spec.ts';

const DEFAULT_MODE = 0o600;
/** A name of a variable that shells, systemd and Kubernetes take. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface OutputContext {
  /** Marks lines of users that come and go (Vault's) in a shared userlist; undefined where the user stays. */
  readonly marker: string | undefined;
  readFile(path: string): string;
}

/** Options that belong to one format only. */
const OPTION_OF: Readonly<Record<string, string>> = {
  'pgbouncer-version': 'pgbouncer',
  include: 'pgbouncer',
  service: 'pg-service',
  group: 'mysql',
  variables: 'env',
  template: 'template',
  'template-file': 'template',
  escape: 'template',
};

/** @throws ConfigProblem */
export function buildOutput(entry: OutputEntry, context: OutputContext): OutputSpec {
  const output = typeof entry === 'string' ? parseShort(entry) : entry;
  for (const [key, format] of Object.entries(OPTION_OF)) {
    if (Object.hasOwn(output, key) && output.format !== format) {
      throw new ConfigProblem([key], `${key} is an option of the format ${format}`, 'remove it');
    }
  }
  const mode = output.mode ?? DEFAULT_MODE;
  const problem = output.format === 'pgpass' ? pgpassModeProblem(mode) : undefined;
  if (problem !== undefined) {
    throw new ConfigProblem(
      ['mode'],
      problem,
      'give each reader a file of its own, or run them as the same user',
    );
  }
  const { format, path, include } = output;
  const pgbouncerVersion = output['pgbouncer-version'] ?? '';
  return { format, path, mode, render: renderOf(output, context), pgbouncerVersion, include };
}

/** `FORMAT=PATH`, and `,mode=0640` behind it. */
function parseShort(text: string): OutputObject {
  const [word, rest = ''] = splitOnce(text, '=');
  const format = FORMATS.find((name) => name === word);
  if (format === undefined || format === 'template') {
    const hint = `formats: ${FORMATS.filter((name) => name !== 'template').join(', ')}; template needs a configuration file`;
    throw new ConfigProblem([], `${JSON.stringify(text)} is no FORMAT=PATH`, hint);
  }
  const [path, options] = splitOnce(rest, ',mode=');
  if (!path.startsWith('/')) {
    throw new ConfigProblem(
      [],
      `the path ${JSON.stringify(path)} of ${format} is not absolute`,
      `${format}=/shared/file`,
    );
  }
  if (options !== undefined && !/^[0-7]{3,4}$/.test(options)) {
    throw new ConfigProblem([], `${JSON.stringify(options)} is no mode`, 'as chmod takes it: mode=0640');
  }
  const mode = options === undefined ? {} : { mode: Number.parseInt(options, 8) };
  return { format, path, ...mode };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function renderOf(output: OutputObject, context: OutputContext): Render {
  switch (output.format) {
    case 'pgbouncer':
      return pgbouncerFormat(output.path, context.marker);
    case 'pgpass':
      return pgpassFormat;
    case 'pg-service':
      return pgServiceFormat(output.service ?? 'default');
    case 'mysql':
      return mysqlFormat(output.group ?? 'client');
    case 'env':
      return envFormat(readVariables(output.variables));
    case 'json':
      return jsonFormat;
    case 'raw':
      return rawFormat;
    default:
      return templateFormat(readTemplate(output, context));
  }
}

function readVariables(variables: OutputObject['variables']): Readonly<Record<string, Field>> {
  if (variables === undefined) {
    return LIBPQ_VARIABLES;
  }
  const entries = Object.entries(variables).map(([name, value]) => {
    const field = FIELDS.find((known) => known === value);
    if (field === undefined) {
      const hint = `known: ${FIELDS.join(', ')}`;
      throw new ConfigProblem(['variables', name], `unknown field ${JSON.stringify(value)}`, hint);
    }
    if (!VARIABLE.test(name)) {
      const message = `${JSON.stringify(name)} is no name of a variable`;
      throw new ConfigProblem(['variables', name], message, 'letters, digits and _, no digit first');
    }
    return [name, field] as const;
  });
  return Object.fromEntries(entries);
}

function readTemplate(output: OutputObject, context: OutputContext): ReturnType<typeof parseTemplate> {
  const { template, 'template-file': file, escape = 'raw' } = output;
  if ((template === undefined) === (file === undefined)) {
    throw new ConfigProblem(['format'], 'a template needs template or template-file, one of them');
  }
  const names = Object.keys(ESCAPERS) as (keyof typeof ESCAPERS)[];
  const escaper = names.find((name) => name === escape);
  if (escaper === undefined) {
    throw new ConfigProblem(
      ['escape'],
      `unknown escaper ${JSON.stringify(escape)}`,
      `known: ${names.join(', ')}`,
    );
  }
  const key = file === undefined ? 'template' : 'template-file';
  try {
    return parseTemplate(template ?? context.readFile(file ?? ''), escaper);
  } catch (error) {
    if (error instanceof TemplateError) {
      throw new ConfigProblem([key], `${error.message} (at character ${error.offset + 1})`, error.hint);
    }
    throw new ConfigProblem([key], `cannot read ${file ?? 'the template'}`, 'mount the file there');
  }
}
