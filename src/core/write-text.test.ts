import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { useTempDir } from '../../test/support/use-temp-dir.ts';

const temp = useTempDir();
const MANY = 3_000_000;

/** A program that writes that many characters to its standard output, and says on stderr how that ended. */
async function writer(): Promise<string> {
  const outfile = temp.join('writer.cjs');
  const contents = `
    import { writeText } from './write-text.ts';
    process.stdout._handle?.setBlocking?.(false);
    process.stderr.write(String(writeText(1, 'x'.repeat(${MANY}))));`;
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  await build({ stdin: { contents, resolveDir }, bundle: true, platform: 'node', outfile });
  return outfile;
}

async function run(file: string, read: boolean): Promise<{ said: string; length: number }> {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let length = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  if (read) {
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
  } else {
    child.stdout.destroy();
  }
  await once(child, 'close');
  return { said, length };
}

it('writes all of a text into a pipe that takes it in pieces', async () => {
  expect(await run(await writer(), true)).toEqual({ said: 'true', length: MANY });
});

it('says so when the reader of a pipe has gone', async () => {
  expect(await run(await writer(), false)).toEqual({ said: 'false', length: 0 });
});
