import { describe, expect, it } from 'vitest';
import { diskObjections, goneExceptions, MAY_USE_PATHS } from './disk-rule.ts';

const [allowed = ''] = Object.keys(MAY_USE_PATHS);

describe('the rule for the disk', () => {
  it.each([
    ["import { open } from 'node:fs/promises';"],
    ["import { constants, openSync } from 'node:fs';"],
    ["import * as fs from 'node:fs';"],
    ["import {\n  open,\n  type Dirent,\n} from 'node:fs/promises';"],
    ["export { open } from 'node:fs/promises';"],
    ["const { open } = await import('node:fs/promises');"],
  ])('objects to %j where a neighbour may write', (text) => {
    for (const path of ['src/git-sync/sync/x.ts', 'src/git/x.ts']) {
      expect(diskObjections(path, text)).toEqual([expect.stringContaining('core/foreign-files')]);
    }
  });

  it.each([
    ['src/git-sync/x.ts', "import type { Dirent } from 'node:fs';"],
    ['src/git-sync/x.ts', "import { join } from 'node:path';"],
    ['src/git-sync/x.test.ts', "import { open } from 'node:fs/promises';"],
    ['src/git/testing/x.ts', "import { open } from 'node:fs/promises';"],
    ['src/core/foreign-files/x.ts', "import { open } from 'node:fs/promises';"],
    [allowed, "import { access } from 'node:fs/promises';"],
  ])('lets %s say %j', (path, text) => {
    expect(diskObjections(path, text)).toEqual([]);
  });

  it('has an exception only where one is needed', () => {
    expect(diskObjections(allowed, "import { join } from 'node:path';")).toEqual([
      expect.stringContaining('needs no exception'),
    ]);
    expect(goneExceptions(new Set(Object.keys(MAY_USE_PATHS)))).toEqual([]);
    expect(goneExceptions(new Set())).toContain(allowed);
    expect(Object.values(MAY_USE_PATHS).every((reason) => reason.length > 10)).toBe(true);
  });
});
