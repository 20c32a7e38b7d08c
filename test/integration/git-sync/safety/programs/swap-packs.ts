/**
 * A neighbour: replaces the directory of packs in the repository $1 by a link to the directory $2 and back, as fast as it
 * can, until its standard input ends. Says so after the first swap, and how many it made at the end.
 */
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const [repository = '', outside = ''] = process.argv.slice(2);
const place = path.join(repository, 'objects', 'pack');
const aside = path.join(repository, 'pack-aside');
const end = new AbortController();
process.stdin.resume().on('end', () => end.abort());

async function swap(): Promise<boolean> {
  try {
    rmSync(aside, { recursive: true, force: true });
    renameSync(place, aside);
    symlinkSync(outside, place);
    await delay(1);
    rmSync(place, { force: true });
    renameSync(aside, place);
    return true;
  } catch {
    return false; // the other side was faster
  }
}

let swaps = 0;
while (!end.signal.aborted) {
  swaps += (await swap()) ? 1 : 0;
  if (swaps === 1) {
    process.stdout.write('swapping\n');
  }
  await delay(1);
}
process.stdout.write(`${swaps}\n`);
