/** The credentials that the settings name: a user and a password, or a file with it. */
import { errorMessage } from '../../../core/errors.ts';
import { readText } from '../../../core/files.ts';
import { AUTH_ERRORS } from '../errors.ts';
import type { MakeSource } from './source.ts';

/** A username and password for the URLs that start with `url`; exactly one of password and passwordFile is set. */
export interface Credential {
  readonly url: string;
  readonly username: string;
  readonly password?: string;
  /** Re-read before each sync (v3: read once at start, which re-reading serves too). */
  readonly passwordFile?: string;
}

async function passwordOf(credential: Credential): Promise<string> {
  const path = credential.passwordFile;
  if (path === undefined) {
    return credential.password ?? '';
  }
  try {
    // The first line is the password: editors and Secrets end files with a newline.
    return (await readText(path)).split(/\r?\n/)[0] ?? '';
  } catch (error) {
    throw AUTH_ERRORS.password_file_unreadable({ path, why: errorMessage(error) }, { cause: error });
  }
}

/** Password files are read each time, since Secrets are rotated. */
export const settingsSource: MakeSource<{ readonly credentials: readonly Credential[] }> = ({
  settings,
  log,
}) => {
  const { credentials } = settings;
  return credentials.length === 0
    ? undefined
    : {
        name: 'settings',
        load: () => {
          return Promise.all(
            credentials.map(async (credential) => {
              const { url, username } = credential;
              log.at(3, 'storing credential', { url, username });
              return { url, username, password: await passwordOf(credential) };
            }),
          );
        },
      };
};
