/** The text that `--help` prints and that follows a complaint: declared defaults only, never a current value. */
import { defaultText, isShown } from '../../../core/options/help.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import { lines } from '../result.ts';

/** Options as users see them, sorted by name. */
export function listed(options: Options): Option<unknown>[] {
  return Object.values(options)
    .filter(isShown)
    .sort((a, b) => (a.flag < b.flag ? -1 : 1));
}

function head(declared: Option<unknown>): string {
  const short = declared.short === undefined ? '      ' : `  -${declared.short}, `;
  const value = declared.type.boolean ? '' : ` ${declared.type.name}`;
  return `${short}--${declared.flag}${value}`;
}

/** pflag leaves zero values out, and what the sentence says already. */
function fallback(declared: Option<unknown>): string {
  const text = defaultText(declared);
  if (text === undefined || (declared.defaultText !== undefined && text !== 'true')) {
    return '';
  }
  const isZero = text === '0' || text === '0s';
  const quoted = declared.type.name === 'string' ? `"${text}"` : text;
  return isZero ? '' : ` (default ${quoted})`;
}

function flagLines(flags: readonly Option<unknown>[]): string[] {
  const width = Math.max(...flags.map((declared) => head(declared).length));
  return flags.map((declared) => `${head(declared).padEnd(width)}   ${declared.help}${fallback(declared)}`);
}

function variableLines(variables: readonly Option<unknown>[]): string[] {
  const names = variables.map((declared) => declared.env?.[0] ?? '');
  const width = Math.max(...names.map((name) => name.length));
  return variables.map(
    (declared, index) => `  ${(names[index] ?? '').padEnd(width)} ${declared.type.name}   ${declared.help}`,
  );
}

/** What the program calls itself in its usage. */
export function programName(startedAs: string): string {
  return startedAs.startsWith('git-sync') ? startedAs : `${startedAs} git-sync`;
}

export function v4Usage(options: Options, startedAs: string): string {
  const all = listed(options);
  return lines(
    `Usage: ${programName(startedAs)} [FLAGS...]`,
    '',
    ' FLAGS:',
    ...flagLines(all.filter((declared) => !declared.envOnly)),
    '',
    ' ENVIRONMENT VARIABLES:',
    ...variableLines(all.filter((declared) => declared.envOnly)),
  );
}
