import { hostname, userInfo } from 'node:os';
import { usageError } from '../../core/errors.ts';
import { findZone, localZone, zoneAdvice } from '../../scheduler/time/find-zone.ts';
import type { Zone } from '../../scheduler/time/zone.ts';
import type { CrontabRules } from '../jobs/cron-job.ts';
import { DIALECTS, type Dialect } from '../jobs/dialects.ts';
import type { ReadValues } from './options.ts';

/** The rules that options and the name the program was started under ask for. */
export function crontabRules(values: ReadValues, startedAs: string): CrontabRules {
  const name: Dialect = startedAs === 'supercronic' ? 'supercronic' : values.dialect;
  const dialect = DIALECTS[name];
  return {
    ...dialect,
    sixth: values.fields,
    dayRule: values.dayRule === 'dialect' ? dialect.dayRule : values.dayRule,
    envScope: values.envScope === 'dialect' ? dialect.envScope : values.envScope,
    percent: values.vixiePercent,
    system: values.system,
    defaults: { ...dialect.defaults, overlap: values.overlapping ? 'allow' : dialect.defaults.overlap },
    ownNames: ownNames(),
    podName: podName(values),
  };
}

export function podName(values: ReadValues): string {
  return values.hashKey === '' ? hostname() : values.hashKey;
}

/** Any UID may run this: many have no name. */
function ownNames(): string[] {
  const uid = String(process.getuid?.() ?? '');
  try {
    return [userInfo().username, uid];
  } catch {
    return [uid];
  }
}

/**
 * The zone of schedules that name none.
 * @throws PillionError `usage` for a `--tz` that does not exist
 */
export function defaultZone(values: ReadValues): Zone {
  const zone = values.tz === '' ? localZone() : findZone(values.tz);
  if (zone === undefined) {
    const [given, text] = values.tz === '' ? ['TZ=', process.env['TZ'] ?? ''] : ['--tz ', values.tz];
    throw usageError(`unknown time zone: ${given}${text}`, zoneAdvice(text));
  }
  return zone;
}
