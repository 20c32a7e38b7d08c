/** What strangers say gets into log lines: a mebibyte of anything is written in time. */
import { describe, it } from 'vitest';
import { expectLinear, pumped } from '../testing/linear.ts';
import { createRecordedLog } from '../testing/recorded-log.ts';

const PIECES = [
  'a',
  ' ',
  '"',
  '\\',
  '\n',
  '\r\n',
  '\0',
  '\u001b[2J',
  '\u2028',
  '\ud800',
  'é',
  '%41',
  'key=',
  '://u:p@',
];

describe('a mebibyte in a log line', () => {
  it.each(PIECES)('of %j is written in time', (piece) => {
    const { log, lines } = createRecordedLog();
    const text = pumped('', piece, 'x');
    const limits = { limitMs: 100 };
    const write = (what: () => void) => {
      what();
      lines.length = 0;
    };
    expectLinear((said: string) => write(() => log.info(said)), text, limits);
    expectLinear((said: string) => write(() => log.info('m', { said })), text, limits);
    expectLinear((said: string) => write(() => log.error('m', new Error(said))), text, limits);
  });
});
