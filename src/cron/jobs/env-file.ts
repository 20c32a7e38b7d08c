import { PillionError } from '../../core/errors.ts';
import { readTextIfExists } from '../../core/files.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import { parseEnvLine } from './env-line.ts';

const MAX_BYTES = 1024 * 1024;
/** Shorter values are words and numbers, which would tear holes into every line of the log. */
const SHORTEST_SECRET = 8;

/**
 * Reads the file of a job's `env-file`: `NAME=value` lines, also with `export` in front; blank lines and `#` comments.
 * It is where secrets are mounted: its values are declared as such, and no error repeats a line.
 * @throws PillionError that names file and line
 */
export async function readEnvFile(path: string, secrets: Secrets): Promise<Record<string, string>> {
  const text = await readTextIfExists(path, MAX_BYTES);
  if (text === undefined) {
    throw failure(`${path}: there is no such file`, 'mount it, or take env-file out');
  }
  const env: Record<string, string> = {};
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) {
      continue;
    }
    const found = parseEnvLine(content.replace(/^export[ \t]+/, ''));
    if (found === undefined || found.value.includes('\0')) {
      throw failure(`${path}:${index + 1}: this is not NAME=value`, 'one variable per line');
    }
    env[found.name] = found.value;
    if (found.value.length >= SHORTEST_SECRET) {
      secrets.addRotating(`${path}\n${found.name}`, found.value);
    }
  }
  return env;
}

function failure(message: string, hint: string): PillionError {
  return new PillionError({ code: 'bad_env_file', message: `env-file ${message}`, hint, retryable: true });
}
