import { describe, expect, it } from 'vitest';
import { PillionError } from '../errors.ts';
import { describeFormat, logOf, NOON } from '../testing/log-format.ts';
import { JSON_FORMAT } from './json-format.ts';
import type { ErrorRecord } from './log.ts';

describe('the JSON format', () => {
  it('has time, level, message and fields', () => {
    const { log, lines } = logOf(JSON_FORMAT);
    log.info('starting up', { pid: 7, args: ['a'], nothing: undefined });
    const ts = new Date(NOON).toISOString();
    expect(lines).toEqual([`{"ts":"${ts}","level":"info","msg":"starting up","pid":7,"args":["a"]}`]);
  });

  it('names the level and the logger', () => {
    const { log, last } = logOf(JSON_FORMAT, { verbosity: 2, name: 'cron' });
    log.at(2, 'm');
    expect(last()).toMatchObject({ level: 'debug', logger: 'cron' });
    log.child('job').warn('m');
    expect(last()).toMatchObject({ level: 'warn', logger: 'cron/job' });
    log.error('m');
    expect(last()).toEqual({ ts: expect.any(String), level: 'error', logger: 'cron', msg: 'm' });
  });

  it('says why, with causes, code and hint', () => {
    const { log, last } = logOf(JSON_FORMAT);
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

  it('says once what the system says, though the cause has the call as well', () => {
    const { log, last } = logOf(JSON_FORMAT);
    const says = 'ENOENT: no such file or directory';
    const cause = Object.assign(new Error(`${says}, open '/nope'`), { code: 'ENOENT' });
    log.error('m', new PillionError({ code: 'read_failed', message: `cannot read /nope: ${says}`, cause }));
    expect(last()).toMatchObject({ error: `cannot read /nope: ${says}` });
  });

  it('puts hints into the words of the command line they are for', () => {
    const { log, last } = logOf(JSON_FORMAT, { adviseAs: (hint) => hint.replaceAll('--', '-') });
    log.error('m', new PillionError({ code: 'c', message: 'no', hint: 'use --flag' }));
    expect(last()).toMatchObject({ hint: 'use -flag' });
    log.child('x').error('m', new PillionError({ code: 'c', message: 'no', hint: 'use --flag' }));
    expect(last()).toMatchObject({ hint: 'use -flag' });
  });

  it('keeps a field apart that is named like a key of its own', () => {
    const { log, last } = logOf(JSON_FORMAT);
    log.info('m', { msg: 'x', level: 'y' });
    expect(last()).toMatchObject({ msg: 'm', level: 'info', field_msg: 'x', field_level: 'y' });
  });
});

describe('a log', () => {
  it('stays valid JSON when the secret is a piece of JSON', () => {
    for (const secret of ['true', 'null', '","', '1234', 'info', 'level']) {
      const { log, last } = logOf(JSON_FORMAT, {}, secret);
      log.info('m', { a: true, b: null, c: 'x","y', d: 123_456, e: 'level', f: 'info' });
      expect(last()).toMatchObject({ level: 'info', a: true, b: null });
    }
  });

  it('tells error lines as redacted data', () => {
    const records: ErrorRecord[] = [];
    const { log } = logOf(JSON_FORMAT, { onError: (record) => records.push(record) });
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
    const { log } = logOf(JSON_FORMAT, { write: fail });
    const { log: other } = logOf(JSON_FORMAT, { onError: fail });
    expect(() => log.info('m')).not.toThrow();
    expect(() => other.error('m')).not.toThrow();
  });
});

describeFormat('JSON', JSON_FORMAT);
