import { describe, expect, it } from 'vitest';
import type { GitRepository } from '../../../support/git-repository.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { killAtEveryChange, TIMEOUT_MS, WAYS } from './killing.ts';
import { makeVersions, mustSync, startReader } from './support.ts';
import { commitVersion } from './tree.ts';

const temp = useTempDir();

describe.each(WAYS)('killed $when', ({ torn, least }) => {
  it(
    'an update is made good by the next start, and readers see nothing of it',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      await mustSync({ repo: repository.url, root: temp.join('root') });
      const reader = await startReader(temp.join('root', 'link'));
      const prepare = async (_: GitRepository, step: number) => {
        await commitVersion(repository, step + 1);
        return step + 1;
      };
      expect(await killAtEveryChange(temp, repository, { torn, prepare })).toBeGreaterThan(least);
      await reader.finish();
    },
    TIMEOUT_MS,
  );
});
