import { open } from 'node:fs/promises';

export interface ZoneDataVersions {
  /** What schedules are computed with where the system has no zone files. */
  readonly node: string | undefined;
  /** What `date` in a job uses, and schedules where there is such data. */
  readonly system: string | undefined;
}

/** After a country has changed its clocks only newer data knows it: the versions are logged. */
export async function zoneDataVersions(): Promise<ZoneDataVersions> {
  const node: string | undefined = process.versions['tz'];
  try {
    const file = await open('/usr/share/zoneinfo/tzdata.zi');
    try {
      const { buffer } = await file.read(Buffer.alloc(40), 0, 40, 0);
      return { node, system: /# version (\S+)/.exec(buffer.toString())?.[1] };
    } finally {
      await file.close();
    }
  } catch {
    return { node, system: undefined };
  }
}
