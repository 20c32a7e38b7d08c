import { readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { systemErrorCode } from '../../core/errors.ts';
import { fileZone } from './file-zone.ts';
import { icuSpelling, icuZone } from './icu-zone.ts';
import { parsePosixRule } from './posix-rule.ts';
import { posixZone } from './posix-zone.ts';
import { fixedZone, type Zone } from './zone.ts';

const zones = new Map<string, Zone>();
const DATABASE = '/usr/share/zoneinfo';
const SYSTEM_ZONE = '/etc/localtime';
/**
 * UTC, where most containers live, is known without any data, and in any case: the C library takes UTC for what it does
 * not know.
 */
const UTC_NAMES: ReadonlySet<string> = new Set([
  'UTC',
  'ETC/UTC',
  'GMT',
  'ETC/GMT',
  'ZULU',
  'ETC/ZULU',
  'ETC/UCT',
]);
const NAME = /^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/;
const MAX_LENGTH = 200;

/**
 * A time zone as TZ may name it: a name of the tz database, a POSIX rule (`EST5EDT,M3.2.0,M11.1.0`), an absolute path of
 * a zone file, each also behind a colon. undefined when it is none of them; the C library would take UTC then.
 *
 * The system's zone files come first, since jobs' own `date` uses them; Node's data where there are none. The case of a
 * name counts in both.
 */
export function findZone(text: string): Zone | undefined {
  const name = text.startsWith(':') ? text.slice(1) : text;
  if (name.length > MAX_LENGTH) {
    return undefined;
  }
  const known = zones.get(name);
  if (known !== undefined) {
    return known;
  }
  const zone = readZone(name);
  if (zone !== undefined) {
    zones.set(name, zone);
  }
  return zone;
}

const FORMS =
  'a name such as Europe/Berlin, a rule such as EST5EDT,M3.2.0,M11.1.0, or the path of a zone file';

/** What to say of a text that is no time zone: the name in its case, or what can be written. */
export function zoneAdvice(text: string, forms = FORMS): string {
  const name = text.startsWith(':') ? text.slice(1) : text;
  const meant = NAME.test(name) && name.length <= MAX_LENGTH ? icuSpelling(name) : undefined;
  return meant === undefined ? forms : `did you mean ${meant}?`;
}

function readZone(name: string): Zone | undefined {
  if (UTC_NAMES.has(name.toUpperCase())) {
    return fixedZone(name, 0);
  }
  if (isAbsolute(name)) {
    return fileZone(name, name);
  }
  const isName = NAME.test(name);
  const named = isName ? fileZone(name, join(DATABASE, name)) : undefined;
  if (named !== undefined) {
    return named;
  }
  const rule = parsePosixRule(name);
  if (rule !== undefined) {
    return posixZone(name, rule);
  }
  return isName ? icuZone(name) : undefined;
}

/**
 * The zone the process runs in: TZ, or the system's. An empty TZ is UTC, as in the C library.
 * @returns undefined when TZ is set to something that is no zone
 */
export function localZone(tz: string | undefined = process.env['TZ']): Zone | undefined {
  return tz === undefined ? systemZone() : findZone(tz === '' || tz === ':' ? 'UTC' : tz);
}

/** As the C library finds it: a file of the zone data, usually by a link; no file is UTC. */
function systemZone(): Zone | undefined {
  try {
    const [, name] = readlinkSync(SYSTEM_ZONE).split('zoneinfo/');
    return (name === undefined ? undefined : findZone(name)) ?? findZone(SYSTEM_ZONE) ?? nodeZone();
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? findZone('UTC') : (findZone(SYSTEM_ZONE) ?? nodeZone());
  }
}

/** What Node takes for the system's zone. */
function nodeZone(): Zone | undefined {
  return findZone(new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone);
}
