import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { killAtEveryChange, TIMEOUT_MS, WAYS } from './killing.ts';
import { makeVersions, mustSync, startReader } from './support.ts';

const temp = useTempDir();

describe.each(WAYS)('killed $when', ({ torn, least }) => {
  it(
    'a repair of the tree is made good by the next start, and readers see nothing of it',
    async () => {
      // It makes many changes, most of them alike: every third one.
      const stride = torn ? 1 : 3;
      const repository = await makeVersions(temp.join('repo.git'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      const reader = await startReader(temp.join('root', 'link'));
      const prepare = async () => {
        // Not one of the files that are read.
        await writeFile(temp.join('root', 'link', 'only-in-1'), 'edited');
        return 1;
      };
      expect(await killAtEveryChange(temp, repository, { torn, stride, prepare })).toBeGreaterThan(least);
      await reader.finish();
    },
    TIMEOUT_MS,
  );

  it(
    'a repair of the repository is made good by the next start, and readers see nothing of it',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      const reader = await startReader(temp.join('root', 'link'));
      const prepare = async () => {
        await writeFile(temp.join('root', '.git', 'HEAD'), '');
        return 1;
      };
      // Made new elsewhere and put in place: few of its changes are to the root.
      const fewest = Math.min(least, 10);
      expect(await killAtEveryChange(temp, repository, { torn, prepare })).toBeGreaterThan(fewest);
      await reader.finish();
    },
    TIMEOUT_MS,
  );
});
