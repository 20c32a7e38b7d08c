import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_PATH } from '../../core/exec/which.ts';
import type { Surroundings } from '../jobs/user-column.ts';

const USERS = '/etc/passwd';

/** What the machine says, asked once for each name: a crontab has the same few programs in many lines. */
export function surroundingsOf(ownPath: string | undefined): Surroundings {
  const programs = new Map<string, boolean>();
  let users: ReadonlySet<string> | undefined;
  return {
    isUser(name) {
      users ??= readUsers();
      return users.has(name);
    },
    isProgram(name, path = ownPath ?? DEFAULT_PATH) {
      const key = `${path}\0${name}`;
      const found =
        programs.get(key) ?? path.split(':').some((directory) => isExecutable(join(directory, name)));
      programs.set(key, found);
      return found;
    },
  };
}

/** An image from scratch has none. */
function readUsers(): ReadonlySet<string> {
  try {
    const lines = readFileSync(USERS, 'utf8').split('\n');
    return new Set(lines.map((line) => line.split(':', 1)[0] ?? ''));
  } catch {
    return new Set();
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
