import type { MetricDefinitions } from '../../src/core/metrics/definitions.ts';
import { metricsTable } from '../../src/core/metrics/definitions.ts';
import { PROCESS_METRICS } from '../../src/core/metrics/process-metrics.ts';
import { optionsTable } from '../../src/core/options/help.ts';
import type { Options } from '../../src/core/options/option.ts';
import { bashCompletion, zshCompletion } from './completion.ts';
import type { ErrorCode } from './error-codes.ts';

export interface DocumentedSection {
  readonly heading: string;
  readonly text: string;
  readonly options?: Options;
}

export interface DocumentedCommand {
  readonly name: string;
  readonly summary: string;
  readonly sections: readonly DocumentedSection[];
  /** The options that shell completion offers. */
  readonly options: Options;
  /** Tables of the command's own metrics; those of every process are added. Empty for what serves none. */
  readonly metrics: readonly MetricDefinitions[];
  readonly errors: readonly ErrorCode[];
}

const NOTICE = '<!-- Generated from the tables in src/ by `npm run docs`; edits are lost. -->';

const cell = (text: string) => text.replaceAll('|', '\\|');

function metrics(tables: DocumentedCommand['metrics']): string[] {
  const all = tables.length === 0 ? [] : [...tables, PROCESS_METRICS];
  const rows = all.flatMap(metricsTable).map((row) => {
    const labels = row.labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${row.name}\` | ${row.type} | ${labels} | ${cell(row.help)} |`;
  });
  return rows.length === 0
    ? []
    : ['## Metrics', '', '| name | type | labels | meaning |', '|---|---|---|---|', ...rows, ''];
}

function errors(codes: DocumentedCommand['errors']): string[] {
  const rows = codes.map(({ code, about }) => `| \`${code}\` | ${cell(about)} |`);
  return rows.length === 0
    ? []
    : ['## Error codes', '', '| code | what to try, or what happened |', '|---|---|', ...rows, ''];
}

function page(command: DocumentedCommand): string {
  const sections = command.sections.flatMap(({ heading, text, options }) => [
    `## ${heading}`,
    '',
    text,
    '',
    ...(options ? [optionsTable(options), ''] : []),
  ]);
  const head = [`# pillion ${command.name}`, '', NOTICE, '', `${command.summary}.`, ''];
  return `${[...head, ...sections, ...metrics(command.metrics), ...errors(command.errors)].join('\n').trimEnd()}\n`;
}

/** One page per command. */
export function referenceFiles(commands: readonly DocumentedCommand[]): [string, string][] {
  return commands.map((command) => [`docs/reference/${command.name}.md`, page(command)]);
}

/** The completion scripts of bash and zsh. */
export function completionFiles(commands: readonly DocumentedCommand[]): [string, string][] {
  return [
    ['docs/reference/completion/pillion.bash', bashCompletion(commands)],
    ['docs/reference/completion/_pillion', zshCompletion(commands)],
  ];
}
