import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLineWriter } from './write.ts';

/** A pipe that takes what its reader allows; full answers EAGAIN. */
function fakePipe(): {
  write: (bytes: Uint8Array) => number;
  allow: (bytes: number) => void;
  text: () => string;
} {
  let room = 0;
  let text = '';
  return {
    allow: (bytes) => {
      room = bytes;
    },
    text: () => text,
    write: (bytes) => {
      const count = Math.min(room, bytes.length);
      if (count === 0) {
        throw Object.assign(new Error('busy'), { code: 'EAGAIN' });
      }
      room -= count;
      text += Buffer.from(bytes.subarray(0, count)).toString();
      return count;
    },
  };
}

describe('createLineWriter', () => {
  it('writes a line in as many pieces as the system takes', () => {
    let text = '';
    const write = createLineWriter(2, (bytes) => {
      text += String.fromCharCode(bytes[0] ?? 0);
      return 1;
    });
    write('hello');
    expect(text).toBe('hello\n');
  });

  it('waits for a slow reader once, then drops whole lines and says how many', () => {
    const pipe = fakePipe();
    const write = createLineWriter(2, pipe.write);
    pipe.allow(3);
    const started = performance.now();
    write('first');
    for (let line = 0; line < 100; line += 1) {
      write(`lost ${line}`);
    }
    expect(performance.now() - started).toBeLessThan(10_000);
    pipe.allow(1000);
    write('after');
    write('more');
    const lines = pipe.text().split('\n');
    expect(lines[0]).toBe('first');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'warn', lost: 100 });
    expect(lines.slice(2)).toEqual(['after', 'more', '']);
  });

  it('does not fail when the reader is gone', () => {
    const write = createLineWriter(2, () => {
      throw Object.assign(new Error('gone'), { code: 'EPIPE' });
    });
    expect(() => write('x')).not.toThrow();
  });

  it('loses nothing through a non-blocking pipe whose reader is slow', async () => {
    const code = `
      const { createLineWriter } = await import(${JSON.stringify(new URL('./write.ts', import.meta.url).href)});
      process.stderr.write('');
      process.stderr._handle?.setBlocking?.(false);
      const write = createLineWriter(2);
      for (let i = 0; i < 5000; i++) write(i + ' ' + 'x'.repeat(100));`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(child, 'close');
    const numbers = text
      .split('\n')
      .filter(Boolean)
      .map((line) => Number.parseInt(line, 10));
    expect(numbers).toEqual(Array.from({ length: 5000 }, (_, index) => index));
  });
});
