/**
 * A process that works on a root: `hold` takes the lock, says so, and keeps it until its stdin ends; `count` takes it
 * many times and adds one to a number in a file each time, slowly enough to lose some if another does so meanwhile.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { systemClock } from '../../../core/clock.ts';
import { lockRoot } from '../root-lock.ts';

const [verb = '', root = '', times = '1'] = process.argv.slice(2);

const take = async () =>
  lockRoot({
    root,
    clock: systemClock,
    signal: new AbortController().signal,
    onWait: () => process.stdout.write('waits\n'),
    onDeadOwner: async () => {
      process.stdout.write('takes over\n');
    },
  });

async function hold(): Promise<void> {
  const lock = await take();
  process.stdout.write(`holds ${lock.id}\n`);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await lock.release();
  process.stdout.write('released\n');
}

async function count(): Promise<void> {
  const file = join(root, 'count');
  for (let round = 0; round < Number(times); round += 1) {
    const lock = await take();
    const value = Number(readFileSync(file, 'utf8'));
    await systemClock.sleep(2);
    writeFileSync(file, String(value + 1));
    await lock.release();
  }
}

await (verb === 'hold' ? hold() : count());
