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
