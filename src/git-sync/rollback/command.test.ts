/** What the command line of `pillion git-sync rollback` may not ask for. */
import { expect, it } from 'vitest';
import { createSecrets } from '../../core/log/secrets.ts';
import { listOf, rollbackCommand } from './command.ts';

it.each([
  ['--list', '--release'],
  ['--list', '5d2e84b7'],
  ['--release', '5d2e84b7'],
])('a rollback with %s and %s is an error of usage, before anything is looked at', async (...argv) => {
  let printed = '';
  const run = rollbackCommand({
    argv: [...argv, '--state-dir=/nonexistent'],
    env: {},
    cwd: '/',
    startedAs: 'pillion',
    secrets: createSecrets(),
    stdout: (text) => void (printed += text),
    stderr: () => {},
  });
  await expect(run).rejects.toMatchObject({
    code: 'usage',
    message: 'only one of HASH, --list and --release may be given',
  });
  expect(printed).toBe('');
});

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
const AT = '2026-01-05T10:00:00.000Z';

function history(published: string, pin: string | null, seen: string | null, done: string | null = seen) {
  const revisions = [A, B].map((hash) => ({ hash, publishedAt: AT, isWhole: true, verify: 'off' }));
  return { root: '/r', link: '/r/link', repository: 'r', revisions, published, pin, seen, done };
}

it.each([
  ['nothing was ever asked for', history(B, null, null), undefined, `${A}  ${AT}\n${B}  ${AT}  published\n`],
  [
    'a rollback is done',
    history(A, A, 'then'),
    { hash: A, since: 'then' },
    `${A}  ${AT}  published  pinned\n${B}  ${AT}\n`,
  ],
  [
    'no git-sync has seen a rollback',
    history(B, null, 'before'),
    { hash: A, since: 'then' },
    `${A}  ${AT}  pinned, not yet published\n${B}  ${AT}  published\n`,
  ],
  [
    'a rollback cannot be published',
    history(B, C, 'then'),
    { hash: C, since: 'then' },
    `${A}  ${AT}\n${B}  ${AT}  published\n${C}  pinned, not yet published\n`,
  ],
  [
    'no git-sync has seen a release',
    history(A, A, 'before'),
    { hash: null, since: 'then' },
    `${A}  ${AT}  published\n${B}  ${AT}\nreleased: no git-sync has taken note yet\n`,
  ],
  [
    'a release is seen while no sync succeeds',
    history(A, null, 'then', 'before'),
    { hash: null, since: 'then' },
    `${A}  ${AT}  published\n${B}  ${AT}\nreleased: no sync has succeeded since\n`,
  ],
  [
    'a release is done',
    history(B, null, 'then'),
    { hash: null, since: 'then' },
    `${A}  ${AT}\n${B}  ${AT}  published\n`,
  ],
])('the list goes by what was recorded: %s', (_, told, record, text) => {
  expect(listOf(told, record)).toBe(text);
});
