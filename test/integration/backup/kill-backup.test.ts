import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start, succeed, writeTree } from '../../support/backup/program.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

/** More of them for a longer search. */
const KILLS = Number(process.env['PILLION_KILLS'] ?? 4);
const temp = useTempDir();

describe.each([
  ['dir', () => `dir:${temp.join('directory')}`],
  ['git', () => `git+file://${temp.join('data.git')}#data`],
])('a backup by %s that is killed', (_, place) => {
  it('leaves the snapshots that there were as they were, and the next one is made as ever', async () => {
    const repository = place();
    const volume = temp.join('volume');
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (__, index) => [`d${index % 5}/f${index}`, `${index}`]),
    );
    await writeTree(volume, files);
    const command = { volume, repository };
    let began = performance.now();
    await succeed(['backup', 'now'], { ...command, flags: ['--init'] });
    let wholeMs = performance.now() - began;
    let interrupted = 0;
    for (let number = 0; number < KILLS; number += 1) {
      await writeFile(path.join(volume, 'd0/f0'), `changed ${number}`);
      const before = await snapshotsOf(command);
      began = performance.now();
      const running = await start(['backup', 'now'], command);
      const timer = setTimeout(
        () => running.signal('SIGKILL'),
        wholeMs * (0.2 + (0.8 * (number + 0.5)) / KILLS),
      );
      const { code } = await running.exit;
      clearTimeout(timer);
      await running.stop();
      if (code === 0) {
        // Whoever came to its end shows how long a whole one takes now.
        wholeMs = performance.now() - began;
      } else {
        interrupted += 1;
      }
      const after = await snapshotsOf(command);
      expect(after.slice(-before.length)).toEqual(before);
      expect(after.length - before.length).toBeLessThanOrEqual(1);
    }
    expect(interrupted).toBeGreaterThan(0);
    await succeed(['backup', 'now'], command);
    await succeed(['backup', 'drill'], command);
    const { code, stdout, stderr } = await run(['backup', 'verify'], command);
    expect([code, stderr + stdout]).toEqual([0, expect.any(String)]);
  });
});

async function snapshotsOf(command: { readonly volume: string; readonly repository: string }) {
  const { code, stdout, stderr } = await run(['backup', 'snapshots'], command);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return stdout.trim().split('\n');
}
