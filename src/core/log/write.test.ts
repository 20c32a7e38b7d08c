import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync, readSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { waitFor } from '../testing/wait-for.ts';
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

const lostNotice = (lost: number) => `lost ${lost}`;

describe('a line writer', () => {
  it('writes a line in as many pieces as the system takes', () => {
    let text = '';
    const write = createLineWriter(2, {
      writeBytes: (bytes) => {
        text += String.fromCharCode(bytes[0] ?? 0);
        return 1;
      },
    });
    write('hello');
    expect(text).toBe('hello\n');
  });

  it('keeps what a slow reader has not taken, in order, and says when it has', async () => {
    const pipe = fakePipe();
    const write = createLineWriter(2, { writeBytes: pipe.write });
    pipe.allow(3);
    write('first');
    write('second');
    const drained = write.drained?.();
    expect(pipe.text()).toBe('fir');
    pipe.allow(1000);
    await drained;
    expect(pipe.text()).toBe('first\nsecond\n');
  });

  it('drops whole lines beyond a limit, and says how many where they are missing', async () => {
    const pipe = fakePipe();
    const write = createLineWriter(2, { writeBytes: pipe.write, lostNotice });
    const long = 'x'.repeat(100_000);
    for (let line = 0; line < 100; line += 1) {
      write(`${line} ${long}`);
    }
    pipe.allow(1_000_000);
    await write.drained?.();
    write('after');
    const lines = pipe
      .text()
      .split('\n')
      .map((line) => line.slice(0, 7));
    expect(lines).toEqual(['0 xxxxx', '1 xxxxx', '2 xxxxx', 'lost 97', 'after', '']);
  });

  it('does not fail when the reader is gone', async () => {
    const write = createLineWriter(2, {
      writeBytes: () => {
        throw Object.assign(new Error('gone'), { code: 'EPIPE' });
      },
    });
    expect(() => write('x')).not.toThrow();
    await write.drained?.();
  });

  it('waits no longer than a second for the reader at the end', async () => {
    const pipe = fakePipe();
    const write = createLineWriter(2, { writeBytes: pipe.write });
    write('never taken');
    const started = performance.now();
    write.flush?.();
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(pipe.text()).toBe('');
    // It would go on trying, in the tests after this one too.
    pipe.allow(1000);
    await write.drained?.();
  });
});

const temp = useTempDir();

/** A program that writes so many lines of 100 bytes to standard error, and what it does then. */
function program(lines: number, then: string): string[] {
  const code = `
    import { createLineWriter } from ${JSON.stringify(new URL('./write.ts', import.meta.url).href)};
    const write = createLineWriter(2, { lostNotice: (lost) => 'lost ' + lost });
    for (let i = 0; i < ${lines}; i++) write(i + ' ' + 'x'.repeat(100));
    ${then}`;
  return ['--input-type=module', '-e', code];
}

async function firstOutput(child: ChildProcess): Promise<string> {
  const [chunk] = child.stdout === null ? [] : await once(child.stdout, 'data');
  return String(chunk);
}

describe('a real pipe', () => {
  it('loses nothing when its reader is slow but waited for', async () => {
    const code = program(
      0,
      'for (let i = 0; i < 5000; i++) { write(i + " " + "x".repeat(100)); await write.drained(); }',
    );
    const child = spawn(process.execPath, code, { stdio: ['ignore', 'ignore', 'pipe'] });
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

  it('that nobody reads holds up neither the program nor its end', async () => {
    const path = temp.join('pipe');
    execFileSync('mkfifo', [path]);
    const ends = openSync(path, constants.O_RDWR);
    const code = program(20_000, 'process.stdout.write("done"); write.flush(); process.exit(0);');
    const child = spawn(process.execPath, code, { stdio: ['ignore', 'pipe', ends] });
    const [exit, text] = await Promise.all([once(child, 'exit'), firstOutput(child)]);
    expect([exit, text]).toEqual([[0, null], 'done']);
    const bytes = Buffer.alloc(65_536);
    expect(bytes.toString('utf8', 0, readSync(ends, bytes))).toMatch(/^0 x+\n1 x+\n/);
  });

  it('keeps its flags: others who share it are not made to write without waiting', async () => {
    const path = temp.join('shared');
    execFileSync('mkfifo', [path]);
    const ends = openSync(path, constants.O_RDWR);
    const flags = 'fs.readFileSync("/proc/self/fdinfo/2", "utf8").match(/flags:\\s+(\\d+)/)[1]';
    const code = program(1, `import fs from 'node:fs'; process.stdout.write(${flags});`);
    const child = spawn(process.execPath, code, { stdio: ['ignore', 'pipe', ends] });
    const text = await firstOutput(child);
    expect(Number.parseInt(text, 8) & constants.O_NONBLOCK).toBe(0);
    await waitFor(() => child.exitCode === 0, { what: 'the end' });
  });
});
