import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleProgram, ENV, fixture, temporaryDirectory } from '../exec/fixtures/fixtures.ts';
import { tryRun } from '../exec/run.ts';
import { removeTemporaryFiles } from '../files.ts';

const KILLS = 12;

async function checkWhole(directory: string): Promise<void> {
  const content = await readFile(join(directory, 'file'), 'utf8');
  expect(content).toHaveLength(100_000);
  expect(content).toBe((content[0] ?? '').repeat(100_000));
  expect(await readlink(join(directory, 'link'))).toMatch(/^version-\d+$/);
}

/** Starts the program and kills it at some moment of its work. */
async function killOnce(program: string, directory: string, delayMs: number): Promise<void> {
  let pid = 0;
  const outcome = await tryRun(process.execPath, [program, directory], {
    env: ENV,
    onSpawn: (spawned) => {
      pid = spawned;
    },
    onOutput: () => {
      setTimeout(() => process.kill(pid, 'SIGKILL'), delayMs);
    },
  });
  expect(outcome.signal).toBe('SIGKILL');
}

/** Reads for as long as the work lasts. */
async function checkWhile(work: Promise<void>, directory: string): Promise<void> {
  const state = { done: false };
  const ended = work.finally(() => {
    state.done = true;
  });
  while (!state.done) {
    await checkWhole(directory);
  }
  await ended;
  await checkWhole(directory);
}

it('a writer killed at any moment leaves a whole file and a link that leads somewhere, and its leftovers are known', async () => {
  const directory = await temporaryDirectory();
  const program = await bundleProgram(
    fixture('../../files/fixtures/change-forever.ts'),
    await temporaryDirectory(),
  );
  let leftovers = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const killed = killOnce(program, directory, kill + 4 * Math.random());
    await (kill === 0 ? killed : checkWhile(killed, directory)); // nothing to read before the first
    leftovers += (await removeTemporaryFiles(directory, 'file')).length;
    leftovers += (await removeTemporaryFiles(directory, 'link')).length;
    expect((await readdir(directory)).sort()).toEqual(['file', 'link']);
  }
  expect(leftovers).toBeLessThanOrEqual(KILLS);
});
