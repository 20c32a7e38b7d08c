import { errorMessage } from '../../errors.ts';
import { readTextIfExists } from '../../files/read.ts';
import { httpFailure } from './failure.ts';

const MAX_BYTES = 64 * 1024;

/** The Authorization value for the token in a file (RFC 6750, section 2.1). White space around the token is not its own. */
export async function bearerOf(path: string): Promise<string> {
  const text = await readTextIfExists(path, MAX_BYTES).catch((error: unknown) => {
    throw httpFailure({ reason: 'settings', why: errorMessage(error), cause: error });
  });
  const token = text?.trim() ?? '';
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const why = text === undefined ? `there is no token file ${path}` : `${path} holds no token`;
    const hint = 'give a file with one token and nothing else';
    throw httpFailure({ reason: 'settings', why, hint });
  }
  return `Bearer ${token}`;
}
