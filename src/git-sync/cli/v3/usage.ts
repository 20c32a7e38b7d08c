/** Usage as Go's flag package lays it out: declared defaults only, never a current value. */
import { defaultText } from '../../../core/options/help.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import { lines } from '../result.ts';
import { listed, programName } from '../v4/usage.ts';

function fallback(declared: Option<unknown>): string {
  const text = defaultText(declared);
  if (text === undefined || text === '0' || declared.defaultText !== undefined) {
    return '';
  }
  return declared.type.name === 'string' ? ` (default "${text}")` : ` (default ${text})`;
}

function entry(declared: Option<unknown>): string[] {
  const value = declared.type.boolean ? '' : ` ${declared.type.name}`;
  return [`  -${declared.flag}${value}`, `    \t${declared.help}${fallback(declared)}`];
}

export function v3Usage(options: Options, startedAs: string): string {
  return lines(`Usage of ${programName(startedAs)}:`, ...listed(options).flatMap(entry));
}
