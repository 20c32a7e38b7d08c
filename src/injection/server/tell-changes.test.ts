import { describe, expect, it } from 'vitest';
import { createRecordedLog } from '../../core/testing/recorded-log.ts';
import { tellChanges } from './tell-changes.ts';

describe('a failure of what is done again and again', () => {
  const { signal } = new AbortController();

  it('is told when it is another than the last, and again when it comes back', async () => {
    const { log, lines } = createRecordedLog(0);
    const tell = tellChanges(log, 'cannot');
    for (const failure of ['a', 'a', 'b', '', 'b']) {
      await tell(() => (failure === '' ? Promise.resolve() : Promise.reject(new Error(failure))), signal);
    }
    expect(lines.map((line) => /_error":"(.)"/.exec(line)?.[1])).toEqual(['a', 'b', 'b']);
  });

  it('is that of the signal when it ends the work', async () => {
    const { log, lines } = createRecordedLog(0);
    const ending = AbortSignal.abort(new Error('the end'));
    await expect(tellChanges(log, 'cannot')(() => Promise.reject(new Error('x')), ending)).rejects.toThrow(
      'the end',
    );
    expect(lines).toEqual([]);
  });
});
