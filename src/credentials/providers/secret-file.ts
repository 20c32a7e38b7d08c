import { readTextIfExists } from '../../core/files.ts';
import { SOURCE_ERRORS } from './errors.ts';

/** Tokens, keys and certificates have some kilobytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * A file that others replace now and then (a service account's token, a Secret), read anew each time.
 * @throws PillionError `source_failed` when it is missing; `read_failed`, `file_too_large`
 */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readTextIfExists(path, MAX_BYTES);
  if (text === undefined) {
    const advice = 'mount the file there, or give the right path';
    throw SOURCE_ERRORS.source_failed({ source: `the file ${path}`, why: 'there is none', advice });
  }
  return text;
}
