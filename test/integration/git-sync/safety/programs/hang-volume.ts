/**
 * Takes the answers of a file system away: at each line on its standard input it mounts one over the directory $1 that
 * answers nothing (FUSE, whose server does not read its requests), or takes it away again. What waits for it fails then.
 * Says `hangs`, `answers`, or `cannot mount`.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';

const [directory = ''] = process.argv.slice(2);

/** @returns the server's end */
function mount(): number | undefined {
  try {
    const server = openSync('/dev/fuse', 'r+');
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
    const args = ['-i', '-t', 'fuse', '-o', options, 'hung', directory];
    const { status } = spawnSync('mount', args, { stdio: ['ignore', 'ignore', 'inherit', server] });
    return status === 0 ? server : undefined;
  } catch {
    return undefined;
  }
}

let server: number | undefined;
createInterface({ input: process.stdin }).on('line', () => {
  if (server === undefined) {
    server = mount();
    process.stdout.write(server === undefined ? 'cannot mount\n' : 'hangs\n');
  } else {
    spawnSync('umount', ['-l', directory]);
    closeSync(server);
    server = undefined;
    process.stdout.write('answers\n');
  }
});
