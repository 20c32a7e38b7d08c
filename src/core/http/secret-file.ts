/** A file with the secrets that callers have to know: a line each, so that the next can be valid before the last is not. */
import { defineErrors, errorMessage } from '../errors.ts';
import { readText } from '../files/read.ts';
import { fileIdentity } from '../files/watch-file.ts';
import type { Log } from '../log/log.ts';
import type { Secrets } from '../log/secrets.ts';

/** In characters; what is shorter can be guessed. */
export const SHORTEST_SECRET = 16;
const MOST_SECRETS = 8;
const MAX_BYTES = 16 * 1024;

export const SECRET_FILE_ERRORS = defineErrors({
  secret_file_unusable: {
    message: ({ path, why }: { readonly path: string; readonly why: string }) =>
      `the secrets in ${path} cannot be used: ${why}`,
    hint: `give a file with one to ${MOST_SECRETS} secrets, a line each, of at least ${SHORTEST_SECRET} characters, for instance from "openssl rand -hex 32"`,
  },
});

/** The secrets of a file's text: its lines without white space around them, empty ones left out; or why they are none. */
export function parseSecrets(text: string): readonly string[] | { readonly why: string } {
  const lines = text.split('\n').map((line) => line.trim());
  const secrets = lines.filter((line) => line !== '');
  if (secrets.length === 0) {
    return { why: 'the file is empty' };
  }
  if (secrets.length > MOST_SECRETS) {
    return { why: `there are ${secrets.length} of them` };
  }
  const short = lines.findIndex((line) => line !== '' && line.length < SHORTEST_SECRET);
  return short === -1 ? secrets : { why: `line ${short + 1} has fewer than ${SHORTEST_SECRET} characters` };
}

export interface SecretFile {
  /** What is valid now. The file is read again when it is another one, or has changed; what cannot be used is not taken. */
  current(): Promise<readonly string[]>;
}

export interface SecretFileInit {
  readonly path: string;
  readonly log: Log;
  /** Learns each secret before it is used, so that nothing prints it. */
  readonly secrets: Secrets;
}

async function read({ path, secrets }: SecretFileInit): Promise<readonly string[]> {
  const text = await readText(path, MAX_BYTES).catch((error: unknown) => {
    throw SECRET_FILE_ERRORS.secret_file_unusable({ path, why: errorMessage(error) }, { cause: error });
  });
  const found = parseSecrets(text);
  if ('why' in found) {
    throw SECRET_FILE_ERRORS.secret_file_unusable({ path, why: found.why });
  }
  found.forEach((secret, line) => secrets.addRotating(`${path} ${line}`, secret));
  return found;
}

/**
 * Reads the secrets, and again whenever they have changed since: looked at when they are asked for, at the price of one
 * `stat`. A new content that cannot be used is logged once, and the secrets before it stay valid.
 * @throws PillionError `secret_file_unusable` when there is none to begin with
 */
export async function openSecretFile(init: SecretFileInit): Promise<SecretFile> {
  // Before the content: a change in between is then seen at the next reading.
  let seen = await fileIdentity(init.path);
  let valid = await read(init);
  return {
    async current() {
      const identity = await fileIdentity(init.path);
      if (identity !== seen) {
        seen = identity;
        try {
          valid = await read(init);
          init.log.info('the secrets have been read again', { path: init.path, count: valid.length });
        } catch (error) {
          init.log.error('the secrets have changed, and those before stay valid', error);
        }
      }
      return valid;
    },
  };
}
