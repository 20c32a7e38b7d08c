import type { Option, Options } from './option.ts';

export interface HelpPage {
  readonly usage: string;
  readonly summary: string;
  readonly options: Options;
  /** Paragraphs after the flags, e.g. examples. */
  readonly after?: string;
}

const WIDTH = 100;

/** Breaks text at spaces so that each line fits the width, with an indent. */
export function wrapText(text: string, indent: number, width = WIDTH): string {
  const pad = ' '.repeat(indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(pad + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(pad + line);
  return lines.join('\n');
}

/** How the default is shown; that of a value that is secret as a whole never is. */
export function defaultText(declared: Option<unknown>): string | undefined {
  if (declared.secret === true) {
    return undefined;
  }
  if (declared.defaultText !== undefined) {
    return declared.defaultText;
  }
  const text = declared.type.format(declared.default);
  return text === '' || text === 'false' ? undefined : text;
}

function entry(declared: Option<unknown>): string {
  const value = declared.type.boolean ? '' : ` <${declared.type.name}>`;
  const short = declared.short === undefined ? '' : `-${declared.short}, `;
  const facts: string[] = [];
  if (declared.env?.length) {
    facts.push(declared.env.map((name) => `$${name}`).join(', '));
  }
  const shown = defaultText(declared);
  if (shown !== undefined) {
    facts.push(`default: ${shown}`);
  }
  const head = declared.envOnly
    ? `  $${declared.env?.[0] ?? declared.flag}`
    : `  ${short}--${declared.flag}${value}`;
  const body = facts.length > 0 ? `${declared.help} (${facts.join('; ')})` : declared.help;
  return `${head}\n${wrapText(body, 6)}`;
}

/** Whether users see an option on a page of help. */
export function isShown(declared: Option<unknown>): boolean {
  return !declared.hidden && declared.deprecated === undefined;
}

/** The page that --help prints; current values are never part of it. */
export function renderHelp(page: HelpPage): string {
  const shown = Object.values(page.options).filter(isShown);
  const flags = shown.filter((declared) => !declared.envOnly);
  const variables = shown.filter((declared) => declared.envOnly);
  const sections = [page.summary, `Usage:\n  ${page.usage}`, `Flags:\n${flags.map(entry).join('\n')}`];
  if (variables.length > 0) {
    sections.push(`Environment only:\n${variables.map(entry).join('\n')}`);
  }
  if (page.after !== undefined) {
    sections.push(page.after);
  }
  return `${sections.join('\n\n')}\n`;
}

const escapeCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The reference table of a command's options, as Markdown. */
export function optionsTable(options: Options): string {
  const rows = Object.values(options)
    .filter((declared) => !declared.hidden)
    .map((declared) => {
      const name = declared.envOnly ? '(environment only)' : `\`--${declared.flag}\``;
      const short = declared.short === undefined ? '' : `, \`-${declared.short}\``;
      const env = (declared.env ?? []).map((variable) => `\`${variable}\``).join(', ');
      const fallback = defaultText(declared);
      const help = declared.deprecated === undefined ? declared.help : `Deprecated: ${declared.deprecated}`;
      const cells = [
        name + short,
        declared.type.name,
        fallback === undefined ? '' : `\`${fallback}\``,
        env,
        help,
      ];
      return `| ${cells.map(escapeCell).join(' | ')} |`;
    });
  return ['| flag | type | default | environment | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}
