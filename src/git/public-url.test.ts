import { expect, it } from 'vitest';
import { withoutPassword } from './public-url.ts';

it.each([
  ['ssh://git:secret@h.example/a/b.git', 'ssh://git@h.example/a/b.git'],
  ['https://user:p%40ss@h.example/a', 'https://user@h.example/a'],
  ['ssh://git@h.example/a/b.git', 'ssh://git@h.example/a/b.git'],
  ['git@h.example:a/b.git', 'git@h.example:a/b.git'],
  ['/srv/a', '/srv/a'],
  ['https://h.example/A/../b', 'https://h.example/A/../b'],
])('%s is shown as %s', (address, shown) => {
  expect(withoutPassword(address)).toBe(shown);
});
