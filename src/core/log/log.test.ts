import { describe, expect, it } from 'vitest';
import { PillionError } from '../errors.ts';
import type { ErrorRecord, LogOptions } from './log.ts';
import { createLog } from './log.ts';
import { createSecrets } from './secrets.ts';

const NOON = new Date(2026, 10, 21, 6, 24, 23, 190).getTime();
const CLOCK = { now: () => NOON + 0.991, monotonic: () => 0, sleep: () => Promise.resolve() };

function setUp(format: LogOptions['format'], options: Partial<LogOptions> = {}, secret = 'hunter2') {
  const lines: string[] = [];
  const secrets = createSecrets();
  secrets.add(secret);
  const write = (line: string): void => {
    lines.push(line);
  };
  const log = createLog({ format, verbosity: 0, secrets, clock: CLOCK, write, ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

describe('the house format', () => {
  it('has time, level, message and fields', () => {
    const { log, lines } = setUp('json');
    log.info('starting up', { pid: 7, args: ['a'], nothing: undefined });
    const ts = new Date(NOON).toISOString();
    expect(lines).toEqual([`{"ts":"${ts}","level":"info","msg":"starting up","pid":7,"args":["a"]}`]);
  });

  it('names the level and the logger', () => {
    const { log, last } = setUp('json', { verbosity: 2, name: 'cron' });
    log.at(2, 'm');
    expect(last()).toMatchObject({ level: 'debug', logger: 'cron' });
    log.child('job').warn('m');
    expect(last()).toMatchObject({ level: 'warn', logger: 'cron/job' });
    log.error('m');
    expect(last()).toEqual({ ts: expect.any(String), level: 'error', logger: 'cron', msg: 'm' });
  });

  it('says why, with causes, code and hint', () => {
    const { log, last } = setUp('json');
    const cause = new Error('connect ECONNREFUSED');
    log.error(
      'cannot sync',
      new PillionError({ code: 'unreachable', message: 'fetch failed', hint: 'wait', cause }),
      {
        try: 2,
      },
    );
    expect(last()).toMatchObject({
      msg: 'cannot sync',
      error: 'fetch failed: connect ECONNREFUSED',
      code: 'unreachable',
      hint: 'wait',
      try: 2,
    });
  });

  it('puts hints into the words of the command line they are for', () => {
    const { log, last } = setUp('json', { adviseAs: (hint) => hint.replaceAll('--', '-') });
    log.error('m', new PillionError({ code: 'c', message: 'no', hint: 'use --flag' }));
    expect(last()).toMatchObject({ hint: 'use -flag' });
    log.child('x').error('m', new PillionError({ code: 'c', message: 'no', hint: 'use --flag' }));
    expect(last()).toMatchObject({ hint: 'use -flag' });
  });

  it('keeps a field apart that is named like a key of its own', () => {
    const { log, last } = setUp('json');
    log.info('m', { msg: 'x', level: 'y' });
    expect(last()).toMatchObject({ msg: 'm', level: 'info', field_msg: 'x', field_level: 'y' });
  });
});

describe('the format of git-sync v4', () => {
  it('has its keys in its order on an info line', () => {
    const { log, lines } = setUp('git-sync', { verbosity: 3 });
    log.at(3, 'next sync', { waitTime: '1s' });
    expect(lines[0]).toMatch(
      /^\{"logger":"","ts":"2026-11-21 06:24:23\.190991","caller":\{"file":"log\.test\.ts","line":\d+\},"level":3,"msg":"next sync","waitTime":"1s"\}$/,
    );
  });

  it('has an error or null and no level on an error line', () => {
    const { log, last } = setUp('git-sync');
    log.error('sanity');
    expect(last()).toMatchObject({ error: null });
    log.child('exechook').error('hook failed', new Error('exit status 1'), { hash: 'abc' });
    expect(last()).toMatchObject({ logger: 'exechook', error: 'exit status 1', hash: 'abc' });
    expect(last()).not.toHaveProperty('level');
  });

  it('names the line that logged, whichever method it used', () => {
    const { log, lines } = setUp('git-sync');
    log.info('a'), log.at(0, 'b'), log.warn('c'), log.error('d');
    const callers = lines.map((line) => (JSON.parse(line) as { caller: unknown }).caller);
    expect(callers).toEqual(Array.from({ length: 4 }, () => callers[0]));
    expect(callers[0]).toEqual({ file: 'log.test.ts', line: expect.any(Number) });
  });
});

describe('the format of git-sync v3', () => {
  it('has a glog header and sorted pairs', () => {
    const { log, lines } = setUp('glog');
    log.info('starting up', { pid: 1, args: ['--repo', 'x'] });
    const pid = String(process.pid).padStart(7);
    expect(lines[0]?.replace(/log\.test\.ts:\d+/, 'main.go:427')).toBe(
      `I1121 06:24:23.190991 ${pid} main.go:427]  "level"=0 "msg"="starting up"  "args"=["--repo","x"] "pid"=1`,
    );
  });

  it('has the error instead of the level on an error line', () => {
    const { log, lines } = setUp('glog');
    log.error('failed', new Error('a "quoted"\nthing'));
    log.error('failed');
    expect(lines[0]).toMatch(/^E1121 .*\] {2}"msg"="failed" "error"="a \\"quoted\\"\\nthing"$/);
    expect(lines[1]).toMatch(/"msg"="failed" "error"=null$/);
  });
});

describe.each(['json', 'git-sync', 'glog'] as const)('every line of the format %s', (format) => {
  it('is printed up to the configured verbosity, errors and warnings always', () => {
    const { log, lines } = setUp(format, { verbosity: -1 });
    log.info('no');
    log.warn('yes');
    log.error('yes');
    const { log: loud, lines: more } = setUp(format, { verbosity: 5 });
    loud.at(5, 'yes');
    loud.at(6, 'no');
    expect([lines.length, more.length, loud.enabled(5), loud.enabled(6)]).toEqual([2, 1, true, false]);
  });

  it('has no secret in message, error, fields, keys or names', () => {
    const { log, lines } = setUp(format, {}, 'hu"n\nter2');
    const secret = 'hu"n\nter2';
    log.child(secret).error(secret, new Error('x', { cause: new Error(secret) }), {
      [secret]: 1,
      list: [{ [secret]: secret }],
      url: new URL(`http://u:${encodeURIComponent(secret)}@h/`),
      map: new Map([['k', secret]]),
      json: JSON.stringify({ secret }),
    });
    expect(lines[0]).not.toMatch(/ter2/);
    expect(lines[0]?.match(/REDACTED/g)?.length).toBeGreaterThanOrEqual(8);
  });

  it('is one line, whatever is in it', () => {
    const { log, lines } = setUp(format);
    const odd = 'a\nb\r\u0000\u001b[31m\u0085\u2028\u2029\u007f\ud800';
    log.info(odd, { [odd]: odd });
    // oxlint-disable-next-line no-control-regex -- control characters are the point
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800]/);
  });

  it('comes out for any value', () => {
    const { log, lines } = setUp(format);
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    const bad = {
      toJSON: () => {
        throw new Error('no');
      },
    };
    const hostile = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    log.info('m', {
      loop,
      bad,
      hostile,
      big: 1n,
      nan: Number.NaN,
      symbol: Symbol('s'),
      fn: () => 1,
      set: new Set([1]),
    });
    log.info('m', hostile);
    log.error('m', hostile);
    log.error('m', { code: 7 }, hostile);
    log.error('m', null);
    log.error('m', new AggregateError([new Error('one'), new Error('two')]));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('[circular]');
    expect(lines[4]).toContain('one, two');
  });
});

describe('a log', () => {
  it('stays valid JSON when the secret is a piece of JSON', () => {
    for (const secret of ['true', 'null', '","', '1234', 'info', 'level']) {
      const { log, last } = setUp('json', {}, secret);
      log.info('m', { a: true, b: null, c: 'x","y', d: 123_456, e: 'level', f: 'info' });
      expect(last()).toMatchObject({ level: 'info', a: true, b: null });
    }
  });

  it('tells error lines as redacted data', () => {
    const records: ErrorRecord[] = [];
    const { log } = setUp('git-sync', { onError: (record) => records.push(record) });
    log.warn('not this');
    log
      .child('exechook')
      .error('too hunter2', new Error('is hunter2'), { failCount: 1, url: 'http://hunter2@h' });
    expect(records).toEqual([
      {
        logger: 'exechook',
        message: 'too REDACTED',
        error: 'is REDACTED',
        fields: { failCount: 1, url: 'http://REDACTED@h' },
      },
    ]);
  });

  it('does not throw when nobody can take its lines', () => {
    const fail = (): never => {
      throw new Error('full');
    };
    const { log } = setUp('json', { write: fail });
    const { log: other } = setUp('json', { onError: fail });
    expect(() => log.info('m')).not.toThrow();
    expect(() => other.error('m')).not.toThrow();
  });
});
