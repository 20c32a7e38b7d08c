import { describe, expect, it } from 'vitest';
import { TEST_RULES } from '../testing/rules.ts';
import { parseCrontab } from './crontab.ts';
import type { Surroundings } from './user-column.ts';

/** A machine with these users, and these programs in /bin and /opt. */
function machine(users: string, inBin: string, inOpt = ''): Surroundings {
  return {
    isUser: (name) => users.split(' ').includes(name),
    isProgram: (name, path = '/bin') =>
      (path.includes('/bin') && inBin.split(' ').includes(name)) ||
      (path.includes('/opt') && inOpt.split(' ').includes(name)),
  };
}

const MACHINE = machine('root app nobody mail git debian-mirror', 'mail git restic sync ftpsync', 'app');

function notesOn(line: string, surroundings: Surroundings | undefined): string[] {
  const { errors, warnings, notes } = parseCrontab(`${line}\n`, 'crontab', { ...TEST_RULES, surroundings });
  expect(errors).toEqual([]);
  return [...warnings, ...notes].map(({ message }) => message);
}

describe('a first word of a command', () => {
  it.each([
    ['app', '0 5 * * * app run.sh', 'is a user and no program'],
    ['nobody', '0 5 * * * nobody run', 'is a user and no program'],
    ['debian-mirror', '@daily debian-mirror ftpsync', 'is a user and no program'],
    ['mirror', '@daily mirror ftpsync', 'is no program, where the second one is'],
    ['web', '0 5 * * * web clean-up.py --all', 'is no program, where the second one is a script'],
    ['git', '0 5 * * * git /home/git/gc.sh', 'is a user and a program in front of a path'],
    ['app', '0 5 * * * app cd /app && make', 'is a user in front of a command'],
  ])('may be the user %s: %s (it %s)', (user, line) => {
    expect(notesOn(line, MACHINE)).toEqual([`"${user}" is part of the command`]);
  });

  it.each([
    ['0 5 * * * restic backup', 'a program'],
    ['0 5 * * * restic /data', 'a program with a path'],
    ['0 5 * * * git gc', 'a user and a program'],
    ['0 5 * * * mail -s subject me', 'a user and a program with options'],
    ['0 5 * * * nobody', 'all there is'],
    ['0 5 * * * nobody --version', 'in front of an option'],
    ['0 5 * * * ./app run.sh', 'a path'],
    ['0 5 * * * frobnicate data', 'unknown, as is the second word'],
    ['0 5 * * * while sleep 5; do x; done', 'a word of the shell'],
    ['0 5 * * * if test -f /x; then y; fi', 'a word of the shell'],
    ['0 5 * * * export A=1; x', 'a word of the shell'],
  ])('is taken for the command: %s (it is %s)', (line) => {
    expect(notesOn(line, MACHINE)).toEqual([]);
  });

  it('is looked up on the PATH that the file sets', () => {
    expect(notesOn('PATH=/opt:/bin\n0 5 * * * app sync', MACHINE)).toEqual([]);
    expect(notesOn('PATH=/bin\n0 5 * * * app sync', MACHINE)).toEqual(['"app" is part of the command']);
  });

  it('is judged by what follows alone where nothing is known of the machine', () => {
    expect(notesOn('0 5 * * * nobody run', undefined)).toEqual([]);
    expect(notesOn('0 5 * * * app run.sh', undefined)).toEqual(['"app" is part of the command']);
  });
});
