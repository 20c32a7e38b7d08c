import type { PillionError } from '../../core/errors.ts';
import { CRON_ERRORS } from '../errors.ts';
import { visible } from './visible.ts';

/** A finding in a file; line and column count from 1, columns in characters. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A line may have a mebibyte; what is said about it may not. */
const MAX_MESSAGE = 200;

/** Positions are what editors jump to: `file:line:column: message`. */
export function formatFinding(finding: Finding): string {
  const where = `${finding.file}:${finding.line}:${finding.column}`;
  const hint = finding.hint === undefined ? '' : ` (${finding.hint})`;
  const { message } = finding;
  const shown = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  return visible(`${where}: ${shown}${hint}`);
}

/** Beyond this number further findings add nothing. */
export const MAX_SHOWN = 20;

/** All errors of a file as one: exit code 1 at start, the old table at a reload. */
export function crontabError(findings: readonly Finding[]): PillionError {
  const shown = findings.slice(0, MAX_SHOWN).map(formatFinding);
  const more = findings.length > MAX_SHOWN ? [`... and ${findings.length - MAX_SHOWN} more`] : [];
  const facts = { errors: findings.length, file: findings[0]?.file, line: findings[0]?.line };
  return CRON_ERRORS.bad_crontab({ findings: [...shown, ...more] }, { facts });
}
