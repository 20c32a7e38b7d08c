import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const FIXTURE = fileURLToPath(new URL('fixtures/busy.ts', import.meta.url));

/** MiB of the young generation after a busy moment, in a process of its own. */
async function youngAfterWork(...args: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [FIXTURE, ...args], { timeout: 60_000 });
  return Number(stdout) / 2 ** 20;
}

it('a modest process keeps its young generation small when it is busy, where another does not', async () => {
  const [modest, usual] = await Promise.all([youngAfterWork('modest'), youngAfterWork()]);
  expect(modest).toBeLessThanOrEqual(8);
  expect(usual).toBeGreaterThan(16);
});
