import { readTextIfExists } from '../../core/files.ts';
import type { Secrets } from '../../core/log/secrets.ts';
import { CRON_ERRORS } from '../errors.ts';
import { parseEnvLine } from './env-line.ts';

const MAX_BYTES = 1024 * 1024;
/** Shorter values are words and numbers, which would tear holes into every line of the log. */
const SHORTEST_SECRET = 8;

/**
 * Reads the file of a job's `env-file`: it is where secrets are mounted, so its values are declared as such, and no
 * error repeats a line.
 * @throws PillionError `bad_env_file` that names file and line
 */
export async function readEnvFile(path: string, secrets: Secrets): Promise<Record<string, string>> {
  const text = await readTextIfExists(path, MAX_BYTES);
  if (text === undefined) {
    const message = `${path}: there is no such file`;
    throw CRON_ERRORS.bad_env_file({ message, hint: 'mount it, or take env-file out' });
  }
  const env = parseEnvText(text, path);
  for (const [name, value] of Object.entries(env)) {
    if (value.length >= SHORTEST_SECRET) {
      secrets.addRotating(`${path}\n${name}`, value);
    }
  }
  return env;
}

/**
 * `NAME=value` lines, also with `export` in front; blank lines and `#` comments. The last line of a name counts.
 * @throws PillionError `bad_env_file` that names file and line, and repeats nothing of it
 */
export function parseEnvText(text: string, path: string): Record<string, string> {
  const env = new Map<string, string>();
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
      const message = `${path}:${index + 1}: this is not NAME=value`;
      throw CRON_ERRORS.bad_env_file({ message, hint: 'one variable per line' });
    }
    env.set(found.name, found.value);
  }
  return Object.fromEntries(env);
}
