import { describe, expect, it } from 'vitest';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { showOutput } from './shown-output.ts';

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<Record<string, unknown>[]> {
  const { log, lines } = createRecordedLog();
  const shown = showOutput(log, { hash: 'h' });
  for (const chunk of chunks) {
    await shown.push('stdout', Buffer.from(chunk));
  }
  shown.end();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the output of a hook in the log', () => {
  it('is a line each, however it comes in pieces, and the last needs no end', async () => {
    const lines = await linesOf('one\ntw', 'o\r\n\n', 'three');
    expect(lines).toMatchObject([
      { msg: 'hook output', hash: 'h', stream: 'stdout', line: 'one' },
      { line: 'two' },
      { line: 'three' },
    ]);
    expect(lines).toHaveLength(3);
  });

  it('is text whatever its bytes are', async () => {
    const { log, lines } = createRecordedLog();
    const shown = showOutput(log, {});
    await shown.push('stderr', Buffer.from([0x1b, 0x5b, 0x32, 0x4a, 0x00, 0xff, 0x07, 0x0d, 0x0a]));
    shown.end();
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/\p{Cc}/u);
    expect(lines[0]).toContain('\\u001b[2J\\u0000');
  });

  it('ends after 1000 lines and after 64 KiB, and says how much is left out', async () => {
    const many = await linesOf('x\n'.repeat(100_000));
    expect(many).toHaveLength(1001);
    expect(many.at(-1)).toMatchObject({ msg: 'more hook output is left out' });
    const long = await linesOf('y'.repeat(1024 * 1024), '\nafter\n');
    expect(long).toHaveLength(2);
    expect(long[0]).toMatchObject({ line: 'y'.repeat(4096), cut: true });
    expect(long[1]).toMatchObject({ bytes: 1024 * 1024 + 7 - 64 * 1024 });
  });

  it('is never held back by its own amount', async () => {
    const { log, lines } = createRecordedLog();
    const shown = showOutput(log, {});
    for (let at = 0; at < 2000; at += 1) {
      await shown.push('stdout', Buffer.alloc(65_536, 'z\n'));
    }
    shown.end();
    expect(lines.length).toBeLessThanOrEqual(1001);
  });
});
