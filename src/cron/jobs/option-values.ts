import { parseGoDuration } from '../../core/options/go-values.ts';
import type { ExitMeaning, ExitRule } from '../../scheduler/runs/command-end.ts';
import { findZone } from '../../scheduler/time/find-zone.ts';

/** Readers for the values of job options. Each throws an Error that says what is wrong; the option says what is right. */

const EXIT_MEANINGS: readonly ExitMeaning[] = ['success', 'failure', 'final'];

const NAME = /^[A-Za-z0-9](?:[\w.:/-]{0,62}[A-Za-z0-9])?$/;

export function jobName(text: string): string {
  if (!NAME.test(text)) {
    throw new Error(`"${text.slice(0, 80)}" cannot be a name`);
  }
  return text;
}

export function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text);
  if (found === undefined) {
    throw new Error(`"${text}" is none of its values`);
  }
  return found;
}

export function duration(text: string): number {
  if (/^\d+$/.test(text) && Number(text) !== 0) {
    throw new Error(`${text} needs a unit, for example ${text}s`);
  }
  const ms = parseGoDuration(text);
  if (ms < 0) {
    throw new Error('must not be negative');
  }
  return ms;
}

/** 0 is no limit, as everywhere in Kubernetes. */
export function limit(text: string): number | undefined {
  const ms = duration(text);
  return ms === 0 ? undefined : ms;
}

export function count(text: string, max: number): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > max) {
    throw new Error(`"${text}" is not such a number`);
  }
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  Ki: 1024,
  M: 1e6,
  Mi: 1024 ** 2,
  G: 1e9,
  Gi: 1024 ** 3,
};

export function bytes(text: string): number {
  const match = /^(\d{1,12})(|k|Ki|M|Mi|G|Gi)B?$/.exec(text);
  const factor = UNITS[match?.[2] ?? 'none'];
  if (match === null || factor === undefined) {
    throw new Error(`"${text}" is not a size`);
  }
  return Number(match[1]) * factor;
}

/** `3:success,75:final,100-110:failure` */
export function exitRules(text: string): ExitRule[] {
  return text.split(',').map((item) => {
    const match = /^(\d{1,3})(?:-(\d{1,3}))?:(\w+)$/.exec(item);
    const from = Number(match?.[1] ?? -1);
    const to = Number(match?.[2] ?? from);
    if (match === null || from > to || to > 255) {
      throw new Error(`"${item}" does not say what an exit code means`);
    }
    return { from, to, meaning: oneOf(match[3] ?? '', EXIT_MEANINGS) };
  });
}

/** The text of a bad one is not repeated: it may hold a secret. */
export function url(text: string): string {
  if (/^\$[A-Za-z_]\w*$/.test(text)) {
    return text;
  }
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Error('is not an address');
  }
  return text;
}

export function path(text: string): string {
  if (text === '' || text.includes('\0')) {
    throw new Error('is not a path');
  }
  return text;
}

export function zoneName(text: string): string {
  if (findZone(text) === undefined) {
    throw new Error(`unknown time zone "${text}"`);
  }
  return text;
}
