import { readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunningPillion, startPillion } from '../../../support/pillion.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { buildPreload } from './preload.ts';
import {
  expectPublished,
  leftoversIn,
  makeVersions,
  mustSync,
  startReader,
  syncArguments,
} from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();
/** Each step is a sync of three commits and another sync, and there are some dozens of steps. */
const TIMEOUT_MS = 600_000;
/** Half a second is several minutes. */
const CLOCK_FACTOR = 1000;

const untilPublished = (link: string, hash: string, running: RunningPillion) =>
  waitFor(async () => path.basename(await readlink(link)) === hash, {
    what: `${hash} to be published; ${running.lines().slice(-5).join('\n')}`,
  });

describe('killed before one change to the file system or another', () => {
  it(
    'a stale tree that becomes the next one is made good by the next start, and readers see nothing of it',
    async () => {
      const preloads = [
        await buildPreload(temp, 'hurried-clock'),
        await buildPreload(temp, 'kill-at-change'),
      ];
      const repository = await makeVersions(temp.join('repo.git'));
      const armedBy = temp.join('armed');
      const link = temp.join('root', 'link');
      const options = { repo: repository.url, root: temp.join('root') };
      await mustSync(options);
      const reader = await startReader(link);
      let version = 1;
      const next = () => {
        version += 1;
        return commitVersion(repository, version);
      };
      let reused = 0;
      for (let step = 1, wasKilled = true; wasKilled; step += 3) {
        await rm(armedBy, { force: true });
        const running = await startPillion(
          [...syncArguments(options), '--period=50ms', '--reuse-worktrees=on', '-v=5'],
          {
            env: {
              NODE_OPTIONS: preloads.map((file) => `--require=${file}`).join(' '),
              CLOCK_FACTOR: String(CLOCK_FACTOR),
              KILL_AT: String(step),
              ARMED_BY: armedBy,
              KILL_IN: options.root,
            },
          },
        );
        // What was there before this process is not reused.
        for (let count = 0; count < 2; count += 1) {
          await untilPublished(link, await next(), running);
        }
        await running.waitForLog('removing worktree');
        await writeFile(armedBy, '');
        const hash = await next();
        const from = running.lines().length;
        wasKilled = await Promise.race([
          running.exit.then(() => true),
          running.waitForLog('git gc', { from }).then(async () => {
            await running.waitForLog('next sync', { from: running.lines().length });
            return false;
          }),
        ]).catch(async () => (await running.exit).signal === 'SIGKILL');
        reused += running.lines().some((line) => line.includes('reusing a stale worktree')) ? 1 : 0;
        await running.stop();
        await mustSync(options);
        await expectPublished(link, hash, version);
        expect(await leftoversIn(temp.join('root')), `killed at change ${step}`).toEqual([]);
      }
      expect(reused).toBeGreaterThan(10);
      await reader.finish();
    },
    TIMEOUT_MS,
  );
});
