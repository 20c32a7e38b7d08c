import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { STORE_ERRORS } from '../../src/backup/errors.ts';
import type { Options } from '../../src/core/options/option.ts';
import { GIT_ERRORS } from '../../src/git/errors.ts';
import { documentedCommands } from './commands.ts';
import { type FoundTable, raisedIn, tablesIn, withoutImports } from './error-codes.ts';

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|(testing|fixtures)\//.test(name))
  .map((name) => `src/${name}`);
const tables = (await Promise.all(SOURCES.map(tablesIn))).flat();

it('every error code stands in one table and says what to try, or what it is about', () => {
  const codes = tables.flatMap(({ rows }) => Object.keys(rows));
  expect(codes).toEqual([...new Set(codes)]);
  for (const [code, { hint, about }] of tables.flatMap(({ rows }) => Object.entries(rows))) {
    expect(code).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
    expect(about ?? hint, code).toMatch(/^\S.+[^.]$/);
  }
});

it('every code of a table is raised somewhere', () => {
  const text = SOURCES.map((path) => withoutImports(readFileSync(path, 'utf8'))).join('\n');
  const unused = tables.flatMap((table) => {
    const raised = new Set(raisedIn(text, table));
    return Object.keys(table.rows).filter((code) => !raised.has(code));
  });
  expect(unused).toEqual([]);
});

it('a code is raised where a bundle names it, numbered or not, but not where it is only asked for', () => {
  const row = { message: 'no', hint: 'yes' };
  const table: FoundTable = { name: 'IO_ERRORS', rows: { one: row, two: row, three: row } };
  const declared = 'var IO_ERRORS2 = defineErrors({ one: {}, two: {}, three: {} });';
  expect(raisedIn(declared, table)).toEqual([]);
  expect(raisedIn(`${declared} throw IO_ERRORS2.one({ why });`, table)).toEqual(['one']);
  expect(raisedIn(`${declared} super(IO_ERRORS2.two.init({ why }));`, table)).toEqual(['two']);
  expect(raisedIn(`${declared} if (IO_ERRORS2.one.matches(e)) { x(IO_ERRORS2.two.code); }`, table)).toEqual(
    [],
  );
  expect(raisedIn(`${declared} throw IO_ERRORS2[code](e);`, table)).toEqual(['one', 'two', 'three']);
});

const codesOf = (name: string) =>
  documentedCommands.find((command) => command.name === name)?.errors.map(({ code }) => code) ?? [];

it('the codes that end a start of git-sync are in its reference', () => {
  const known = ['bind_failed', 'git_missing', 'password_file_unreadable', 'root_not_writable', 'usage'];
  expect(codesOf('git-sync')).toEqual(expect.arrayContaining(known));
});

it('the reference of cron has none of the codes that only git-sync can raise', () => {
  const foreign = ['git_missing', 'link_not_symlink', 'switch_failed', 'shutdown'];
  expect(codesOf('cron').filter((code) => foreign.includes(code))).toEqual([]);
});

it('the references of backup and restore have no code of a link, of git, or of credentials that they cannot be given', () => {
  const foreign = [
    'askpass_failed',
    'file_missing',
    'github_app_failed',
    'identity_failed',
    'link_not_symlink',
  ];
  for (const name of ['backup', 'restore']) {
    const codes = codesOf(name);
    expect(codes).toContain('repository_unknown');
    expect(codes.filter((code) => foreign.includes(code) || code in GIT_ERRORS)).toEqual([]);
  }
  expect(codesOf('restore').filter((code) => code in STORE_ERRORS)).toEqual([]);
  expect(codesOf('git-sync')).toEqual(expect.arrayContaining(foreign));
  expect(codesOf('credentials')).not.toContain('link_not_symlink');
});

const flagsOf = (options: Options | undefined) => Object.values(options ?? {}).map(({ flag }) => flag);

it('what a reference says about an error names no flag that its command has not', () => {
  // gpg's own flags are no business of ours; `--keep-*` stands for each that begins so.
  const flag = /(?<![\w-]|gpg )--([a-z-]*[a-z](?:-\*)?)/g;
  for (const { name, errors, options, sections } of documentedCommands) {
    const known = new Set([options, ...sections.map((section) => section.options)].flatMap(flagsOf));
    const named = errors.flatMap(({ about }) => [...about.matchAll(flag)].map((match) => match[1] ?? ''));
    const has = (given: string) =>
      given.endsWith('*') ? [...known].some((one) => one.startsWith(given.slice(0, -1))) : known.has(given);
    expect(named.filter((given) => !has(given)).map((given) => `${name}: --${given}`)).toEqual([]);
  }
});

it('no command without a server over TLS lists the code of its certificate', () => {
  for (const name of ['git-sync', 'cron', 'credentials']) {
    expect(codesOf(name)).not.toContain('certificate_invalid');
  }
});

it('an error is made by its table and nowhere else', () => {
  const made = SOURCES.filter((path) => readFileSync(path, 'utf8').includes('new PillionError('));
  expect(made).toEqual(['src/core/errors.ts']);
});

it('each command lists a code once', () => {
  for (const { errors } of documentedCommands) {
    expect(new Set(errors.map(({ code }) => code)).size).toBe(errors.length);
  }
});
