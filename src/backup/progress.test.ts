import { expect, it } from 'vitest';
import { reportOf } from './progress.ts';

it('tells percent, rate and time left by bytes', () => {
  const progress = {
    phase: 'restore',
    filesDone: 1,
    filesTotal: 100,
    bytesDone: 250,
    bytesTotal: 1000,
  } as const;
  expect(reportOf(progress, 500)).toMatchObject({ percent: 25, bytesPerSecond: 500, secondsLeft: 2 });
});

it('goes by files where there are no bytes, and says nothing of an end that is not known', () => {
  expect(
    reportOf({ phase: 'verify', filesDone: 1, filesTotal: 2, bytesDone: 0, bytesTotal: 0 }, 1000).percent,
  ).toBe(50);
  const open = reportOf({ phase: 'backup', filesDone: 5, bytesDone: 10 }, 1000);
  expect(open.percent).toBeUndefined();
  expect(open.secondsLeft).toBeUndefined();
});

it('is never more than all, and never without an end at the start', () => {
  expect(reportOf({ phase: 'restore', filesDone: 0, bytesDone: 20, bytesTotal: 10 }, 1).percent).toBe(100);
  expect(
    reportOf({ phase: 'restore', filesDone: 0, bytesDone: 0, bytesTotal: 10 }, 0).secondsLeft,
  ).toBeUndefined();
});
