import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parsePosixRule } from './posix-rule.ts';
import { posixZone } from './posix-zone.ts';
import { parseZoneFile, type ZoneFile } from './tzif.ts';
import { fixedZone, type Transition, type Zone } from './zone.ts';

const MAX_BYTES = 256 * 1024;

/** The zone of a file of the tz database; undefined when there is none that can be read. */
export function fileZone(name: string, path: string): Zone | undefined {
  const bytes = readZoneFile(path);
  const file = bytes === undefined ? undefined : parseZoneFile(bytes);
  return file === undefined ? undefined : zoneOf(name, file);
}

/** A path may come from TZ or a crontab: a FIFO must not be waited for. */
function readZoneFile(path: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.size > MAX_BYTES) {
      return undefined;
    }
    const bytes = Buffer.alloc(status.size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, status.size, 0));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
    }
  }
}

export function zoneOf(name: string, file: ZoneFile): Zone | undefined {
  const { firstOffset, changes } = file;
  const transitions = transitionsOf(file);
  const lastAt = changes.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  const lastOffset = changes.at(-1)?.offset ?? firstOffset;
  const rule = file.footer === '' ? undefined : parsePosixRule(file.footer);
  if (file.footer !== '' && rule === undefined) {
    return undefined;
  }
  const later = rule === undefined ? fixedZone(name, lastOffset) : posixZone(name, rule);
  return {
    name,
    offsetAt(instant) {
      if (instant >= lastAt) {
        return later.offsetAt(instant);
      }
      return transitions[countUpTo(transitions, instant) - 1]?.after ?? firstOffset;
    },
    transitionAfter(instant, until) {
      const listed = transitions[countUpTo(transitions, instant)];
      const found = listed ?? later.transitionAfter(Math.max(instant, lastAt), until);
      return found !== undefined && found.at <= until ? found : undefined;
    },
  };
}

/** Only what changes the offset: a file also has changes of the zone's name. */
function transitionsOf({ firstOffset, changes }: ZoneFile): Transition[] {
  let before = firstOffset;
  const found: Transition[] = [];
  for (const { at, offset } of changes) {
    if (offset !== before) {
      found.push({ at, before, after: offset });
      before = offset;
    }
  }
  return found;
}

/** How many transitions are at or before the instant. */
function countUpTo(transitions: readonly Transition[], instant: number): number {
  let low = 0;
  let high = transitions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((transitions[middle]?.at ?? Number.POSITIVE_INFINITY) <= instant) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
