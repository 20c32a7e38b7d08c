import { describe, expect, it } from 'vitest';
import { sourceObjections } from './source-rules.ts';

describe('the rules for sources', () => {
  it.each([
    'setTimeout(done, ms);',
    'const t = setInterval(\n  beat,\n  10_000);',
    'globalThis.setTimeout (done, 1)',
    'await race([AbortSignal.timeout(ms)])',
    '[setTimeout(done, 5)]',
  ])('object to the raw timer in %j', (text) => {
    expect(sourceObjections('src/core/x.ts', text)).toEqual([expect.stringContaining('startTimer')]);
  });

  it.each([
    ['const { promise, reject } = Promise.withResolvers<void>();', 'core/deferred.ts'],
    ['const cut = Promise.withResolvers();', 'core/deferred.ts'],
    ['const all: Promise<void>[] = [];', 'nobody hears'],
    ['let leaves: Promise<Map<string, number>>[] =\n  [];', 'nobody hears'],
  ])('object to %j', (text, why) => {
    expect(sourceObjections('src/core/x.ts', text)).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['src/core/x.ts', 'const all: Promise<void>[] = names.map(read);'],
    ['src/core/x.ts', 'function f(all: readonly Promise<void>[]): void {}'],
    ['src/core/deferred.ts', 'Promise.withResolvers<T>()'],
    ['src/core/x.ts', 'socket.setTimeout(2000, close)'],
    ['src/core/x.ts', '// setTimeout(done, ms) would fire at once'],
    ['src/core/x.ts', '/** Like setTimeout(done, ms),\n * but of any length. */'],
    ['src/core/x.ts', 'resetTimeout(x)'],
    ['src/core/timer.ts', 'setTimeout(done, ms)'],
    ['src/core/x.test.ts', 'setTimeout(done, ms)'],
    ['src/core/fixtures/x.ts', 'setTimeout(done, ms)'],
  ])('let %s say %j', (path, text) => {
    expect(sourceObjections(path, text)).toEqual([]);
  });
});
