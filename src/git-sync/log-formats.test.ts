import { describe, expect, it } from 'vitest';
import { describeFormat, logOf } from '../core/testing/log-format.ts';
import { GIT_SYNC_FORMAT, GLOG_FORMAT } from './log-formats.ts';

describe('the format of git-sync v4', () => {
  it('has its keys in its order on an info line', () => {
    const { log, lines } = logOf(GIT_SYNC_FORMAT, { verbosity: 3 });
    log.at(3, 'next sync', { waitTime: '1s' });
    expect(lines[0]).toMatch(
      /^\{"logger":"","ts":"2026-11-21 06:24:23\.190991","caller":\{"file":"log-formats\.test\.ts","line":\d+\},"level":3,"msg":"next sync","waitTime":"1s"\}$/,
    );
  });

  it('has an error or null and no level on an error line', () => {
    const { log, last } = logOf(GIT_SYNC_FORMAT);
    log.error('sanity');
    expect(last()).toMatchObject({ error: null });
    log.child('exechook').error('hook failed', new Error('exit status 1'), { hash: 'abc' });
    expect(last()).toMatchObject({ logger: 'exechook', error: 'exit status 1', hash: 'abc' });
    expect(last()).not.toHaveProperty('level');
  });

  it('names the line that logged, whichever method it used', () => {
    const { log, lines } = logOf(GIT_SYNC_FORMAT);
    log.info('a'), log.at(0, 'b'), log.warn('c'), log.error('d');
    const callers = lines.map((line) => (JSON.parse(line) as { caller: unknown }).caller);
    expect(callers).toEqual(Array.from({ length: 4 }, () => callers[0]));
    expect(callers[0]).toEqual({ file: 'log-formats.test.ts', line: expect.any(Number) });
  });
});

describe('the format of git-sync v3', () => {
  it('has a glog header and sorted pairs', () => {
    const { log, lines } = logOf(GLOG_FORMAT);
    log.info('starting up', { pid: 1, args: ['--repo', 'x'] });
    const pid = String(process.pid).padStart(7);
    expect(lines[0]?.replace(/log-formats\.test\.ts:\d+/, 'main.go:427')).toBe(
      `I1121 06:24:23.190991 ${pid} main.go:427]  "level"=0 "msg"="starting up"  "args"=["--repo","x"] "pid"=1`,
    );
  });

  it('has the error instead of the level on an error line', () => {
    const { log, lines } = logOf(GLOG_FORMAT);
    log.error('failed', new Error('a "quoted"\nthing'));
    log.error('failed');
    expect(lines[0]).toMatch(/^E1121 .*\] {2}"msg"="failed" "error"="a \\"quoted\\"\\nthing"$/);
    expect(lines[1]).toMatch(/"msg"="failed" "error"=null$/);
  });
});

describeFormat('of git-sync v4', GIT_SYNC_FORMAT);
describeFormat('of git-sync v3', GLOG_FORMAT);
