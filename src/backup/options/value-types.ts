import { ValueError, type ValueType } from '../../core/options/option.ts';
import { partsOf } from '../manifest/exclude.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};
const SIZE = /^(\d{1,15}) ?([BKMGT]?)(?:i?B)?$/;

/** A number of bytes: 0, 4096, 10M, 2GiB; the units are powers of 1024. */
export const size: ValueType<number> = {
  name: 'size',
  expected: 'a number of bytes, or with a unit: 4096, 10M, 2GiB',
  parse(text) {
    const match = SIZE.exec(text);
    if (match === null) {
      throw new ValueError('must be a number of bytes, such as 4096, 10M or 2GiB');
    }
    return Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
  },
  format(value) {
    const [unit = '', factor = 1] =
      Object.entries(UNITS).findLast(([, each]) => value >= each && value % each === 0) ?? [];
    return value === 0 || factor === 1 ? String(value) : `${value / factor}${unit}iB`;
  },
};

const LONGEST_PATTERN = 4096;
/** Twice as many patterns of restic's with each. */
const MAX_ANY_DEPTH = 6;

/** What is wrong with a pattern of `--exclude`; undefined when nothing is. */
export function faultOfPattern(pattern: string): string | undefined {
  const parts = partsOf(pattern);
  if (parts.every((part) => part === '**')) {
    return 'must name something below the volume';
  }
  if (parts.includes('..')) {
    return 'must be a path below the volume, without ".."';
  }
  if (parts.filter((part) => part === '**').length > MAX_ANY_DEPTH) {
    return `must have "**" at most ${MAX_ANY_DEPTH} times`;
  }
  return pattern.length > LONGEST_PATTERN || pattern.includes('\0')
    ? `must be a path of at most ${LONGEST_PATTERN} characters`
    : undefined;
}
