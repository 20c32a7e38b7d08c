import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../test/support/use-temp-dir.ts';
import { beginForTest } from '../testing/begun-stage.ts';
import { recover } from './recover.ts';
import { dropStage } from './stage.ts';

const temp = useTempDir();
const SNAPSHOT = { id: 'abc123', time: 1_700_000_000_000 };
const volume = () => temp.join('volume');

describe('a stage', () => {
  it('of the same snapshot is gone on with, of another one is begun from nothing', async () => {
    await mkdir(volume());
    const stage = await beginForTest(volume(), SNAPSHOT);
    await writeFile(`${stage.target}/part`, 'x');
    expect(await recover(volume())).toEqual({ kind: 'staging', snapshot: SNAPSHOT });
    await beginForTest(volume(), SNAPSHOT);
    expect(await readdir(stage.target)).toEqual(['part']);
    const other = await beginForTest(volume(), { id: 'other', time: 1 });
    expect(await readdir(other.target)).toEqual([]);
    expect((await stat(other.target)).mode & 0o777).toBe(0o700);
  });

  it('is written to where it is, whatever its owner puts in the place of our folder', async () => {
    await mkdir(volume());
    await mkdir(temp.join('elsewhere/stage/target'), { recursive: true });
    const { target } = await beginForTest(volume(), SNAPSHOT);
    await rename(`${volume()}/.pillion`, `${volume()}/moved`);
    await symlink(temp.join('elsewhere'), `${volume()}/.pillion`);
    await writeFile(`${target}/part`, 'x');
    execFileSync('sh', ['-c', 'echo y > "$0/of-a-child"', target]);
    expect(await readdir(`${volume()}/moved/stage/target`)).toEqual(['of-a-child', 'part']);
    expect(await readdir(temp.join('elsewhere/stage/target'))).toEqual([]);
  });

  it('that was given up leaves nothing', async () => {
    await mkdir(volume());
    const stage = await beginForTest(volume(), SNAPSHOT);
    await writeFile(`${stage.target}/part`, 'x');
    await dropStage(stage);
    expect(await readdir(`${volume()}/.pillion`)).toEqual([]);
    expect(await recover(volume())).toEqual({ kind: 'nothing' });
  });
});
