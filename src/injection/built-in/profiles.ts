import type { Profile, Profiles } from '../profiles/profile.ts';
import { readProfile } from '../profiles/read-profile.ts';
import type { ProfileSource } from '../profiles/source.ts';
import { BACKUP, RESTORE } from './backup.ts';
import { CA_BUNDLE } from './ca-bundle.ts';
import { CREDENTIALS } from './credentials.ts';
import { CRON } from './cron.ts';
import { GIT_SYNC } from './git-sync.ts';
import { LABEL } from './label.ts';

/** The profiles that the program brings, in the order of the guide. */
export const BUILT_IN_SOURCES: readonly ProfileSource[] = [
  GIT_SYNC,
  CRON,
  CREDENTIALS,
  RESTORE,
  BACKUP,
  LABEL,
  CA_BUNDLE,
];

/** The same, read as a profile of one's own would be. */
export function builtInProfiles(): Profiles {
  return new Map(BUILT_IN_SOURCES.map((source) => [source.metadata.name, read(source)]));
}

function read(source: ProfileSource): Profile {
  const result = readProfile(source, 'built in');
  if ('profile' in result) {
    return result.profile;
  }
  const [first] = result.problems;
  throw new Error(`built-in profile ${source.metadata.name}: ${first?.path.join('.')}: ${first?.message}`);
}
