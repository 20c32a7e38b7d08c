import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { deferred } from './deferred.ts';

it('what is settled from outside is heard by who waits, and its rejection is nobody’s fault before that', async () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => unheard.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const [good, bad] = [deferred<number>(), deferred<never>()];
  good.resolve(1);
  bad.reject(new Error('late'));
  await setImmediate();
  await setImmediate();
  expect(await good.promise).toBe(1);
  await expect(bad.promise).rejects.toThrow('late');
  expect(unheard).toEqual([]);
});
