import { describe, expect, it } from 'vitest';
import { importsOf, objection } from './rules.ts';

const PACKAGES = new Set(['yaml', '@scope/name']);

describe('the rules for imports', () => {
  it.each([
    ['src/core/log/log.ts', '../../git-sync/loop.ts', 'core knows no feature'],
    ['src/core/log/log.ts', '../../commands.ts', 'core knows no feature'],
    ['src/git-sync/loop.ts', '../scheduler/model.ts', 'git-sync must not know scheduler'],
    ['src/git-sync/sync/x.test.ts', '../../scheduler/model.ts', 'git-sync must not know scheduler'],
    ['src/brand-new/command.ts', '../git-sync/loop.ts', 'brand-new must not know git-sync'],
    ['src/backup/command.ts', '../git-sync/loop.ts', 'backup must not know git-sync'],
    ['src/scheduler/scheduler.ts', '../cron/options.ts', 'scheduler must not know cron'],
    ['src/git/run.ts', '../git-sync/loop.ts', 'git must not know git-sync'],
    ['src/git-sync/loop.ts', '../cli.ts', 'git-sync must not know cli.ts'],
    ['src/cli.ts', './git-sync/loop.ts', 'cli.ts must not know git-sync'],
    ['src/commands.ts', './git-sync/loop.ts', 'commands.ts must not know git-sync'],
    ['src/git-sync/loop.ts', './testing/fake-clock.ts', 'only there for tests'],
    ['src/git-sync/loop.ts', '../../test/support/temp.ts', 'only there for tests'],
    ['src/git-sync/loop.ts', 'node:timers/promises', 'use core/timer.ts'],
    ['src/git-sync/loop.ts', 'fast-check', 'fast-check is no dependency of the program'],
    ['src/git-sync/loop.ts', '@other/name/part.js', '@other/name is no dependency of the program'],
  ])('object when %s imports %s', (path, specifier, reason) => {
    expect(objection(path, specifier, PACKAGES)).toContain(reason);
  });

  it.each([
    ['src/git-sync/loop.ts', '../core/clock.ts'],
    ['src/git-sync/sync/publishing/layout.ts', '../cli/dialect.ts'],
    ['src/brand-new/command.ts', '../core/clock.ts'],
    ['src/backup/command.ts', '../scheduler/time/next.ts'],
    ['src/backup/command.ts', '../git/run.ts'],
    ['src/cron/command.ts', '../scheduler/time/next.ts'],
    ['src/git-sync/loop.ts', '../git/run.ts'],
    ['src/commands.ts', './git-sync/command.ts'],
    ['src/cli.ts', './commands.ts'],
    ['src/git-sync/loop.test.ts', '../../test/support/temp.ts'],
    ['src/git-sync/loop.test.ts', 'fast-check'],
    ['src/git-sync/loop.test.ts', 'node:timers/promises'],
    ['src/cron/read-rules.ts', 'yaml'],
    ['src/cron/read-rules.ts', '@scope/name/part.js'],
    ['src/git-sync/loop.ts', 'node:fs'],
    ['scripts/docs.ts', '../src/git-sync/loop.ts'],
  ])('let %s import %s', (path, specifier) => {
    expect(objection(path, specifier, PACKAGES)).toBeUndefined();
  });

  it('see every way to import', () => {
    const text = `
      import 'a';
      import type { B } from 'b';
      import {
        c,
        type D,
      } from 'c';
      export * from 'd';
      export { e } from 'e';
      const lazy = async () => await import('f');
    `;
    expect(importsOf(text).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });
});
