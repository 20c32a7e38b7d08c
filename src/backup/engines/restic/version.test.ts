import { expect, it } from 'vitest';
import { versionProblem } from './version.ts';

it.each(['0.17.0', '0.18.0', '0.19.1', '1.0.0'])('takes restic %s', (version) => {
  expect(versionProblem(`restic ${version} compiled with go1.24.4 on linux/amd64\n`)).toBeUndefined();
});

it.each(['0.14.0', '0.16.5', '0.9.6'])('refuses restic %s', (version) => {
  expect(versionProblem(`restic ${version} compiled with go1.19.8 on linux/amd64\n`)).toContain(
    `restic ${version} is too old`,
  );
});

it('refuses another program of that name', () => {
  expect(versionProblem('hello\n')).toContain('another program');
});
