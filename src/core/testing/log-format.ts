import { describe, expect, it } from 'vitest';
import { createLog, type Log, type LogOptions } from '../log/log.ts';
import type { LogFormat } from '../log/record.ts';
import { createSecrets } from '../log/secrets.ts';

export const NOON = new Date(2026, 10, 21, 6, 24, 23, 190).getTime();
const CLOCK = { now: () => NOON + 0.991, monotonic: () => 0, sleep: () => Promise.resolve() };

export interface LogUnderTest {
  readonly log: Log;
  readonly lines: string[];
  last(): Record<string, unknown>;
}

/** A log of a format that knows one secret and keeps its lines. */
export function logOf(
  format: LogFormat,
  options: Partial<LogOptions> = {},
  secret = 'hunter2',
): LogUnderTest {
  const lines: string[] = [];
  const secrets = createSecrets();
  secrets.add(secret);
  const write = (line: string): void => {
    lines.push(line);
  };
  const log = createLog({ format, verbosity: 0, secrets, clock: CLOCK, write, ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

/** What holds for the lines of every format. */
export function describeFormat(name: string, format: LogFormat): void {
  describe(`every line of the format ${name}`, () => {
    it('is printed up to the configured verbosity, errors and warnings always', () => {
      const { log, lines } = logOf(format, { verbosity: -1 });
      log.info('no');
      log.warn('yes');
      log.error('yes');
      const { log: loud, lines: more } = logOf(format, { verbosity: 5 });
      loud.at(5, 'yes');
      loud.at(6, 'no');
      expect([lines.length, more.length, loud.enabled(5), loud.enabled(6)]).toEqual([2, 1, true, false]);
    });

    it('has no secret in message, error, fields, keys or names', () => {
      const { log, lines } = logOf(format, {}, 'hu"n\nter2');
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
      const { log, lines } = logOf(format);
      const odd = 'a\nb\r\u0000\u001b[31m\u0085\u2028\u2029\u007f\ud800';
      log.info(odd, { [odd]: odd });
      // oxlint-disable-next-line no-control-regex -- control characters are the point
      expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800]/);
    });

    it('comes out for any value', () => {
      const { log, lines } = logOf(format);
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
}
