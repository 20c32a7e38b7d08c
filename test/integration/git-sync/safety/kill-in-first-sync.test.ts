import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { killAtEveryChange, TIMEOUT_MS, WAYS } from './killing.ts';
import { makeVersions } from './support.ts';

const temp = useTempDir();

describe.each(WAYS)('killed $when', ({ torn, least }) => {
  it(
    'a first sync is made good by the next start',
    async () => {
      const repository = await makeVersions(temp.join('repo.git'));
      const prepare = async () => {
        await rm(temp.join('root'), { recursive: true, force: true });
        return 1;
      };
      expect(await killAtEveryChange(temp, repository, { torn, prepare })).toBeGreaterThan(least);
    },
    TIMEOUT_MS,
  );
});
