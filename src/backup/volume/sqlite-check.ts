/** A check of a SQLite database by Node's own SQLite, in a process of its own: a database of gigabytes is read in it. */
import process from 'node:process';

/**
 * Exit code 0: good, or not there. 1: SQLite says what is wrong with it. 127: that could not be found out. SQLite's own
 * shell ends with 0 whatever the check has found.
 */
const PROGRAM = `
const { existsSync } = require('node:fs');
const path = process.argv[1];
if (!existsSync(path)) {
  process.exit(0);
}
try {
  const { DatabaseSync } = require('node:sqlite');
  const database = new DatabaseSync(path, { readOnly: true });
  const said = database.prepare('PRAGMA quick_check(3)').all().map((row) => String(Object.values(row)[0]));
  if (said.length === 1 && said[0] === 'ok') {
    process.exit(0);
  }
  console.error(path + ': ' + said.join('; '));
  process.exit(1);
} catch (error) {
  console.error(path + ': ' + error.message);
  process.exit(/not a database|malformed|corrupt/i.test(error.message) ? 1 : 127);
}
`;

/** The command line that checks a database below the volume, in which it runs. */
export function sqliteCheck(path: string): readonly string[] {
  return [process.execPath, '--no-warnings', '-e', PROGRAM, '--', path.startsWith('/') ? path : `./${path}`];
}
