import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRsync, rsyncDifferences } from '../../../src/backup/testing/engine-checks.ts';
import { makeOddTree } from '../../../src/backup/testing/odd-tree.ts';
import { succeed } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { type SshServer, startSshServer } from '../../support/ssh-server.ts';
import { makeTempDir, removeTempDir } from '../../support/temp.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

// An odd tree through every engine and back, by the program itself; what is different is for rsync to say.
const temp = useTempDir();
const shared = { scratch: '', server: undefined as SshServer | undefined };

beforeAll(async () => {
  shared.scratch = await makeTempDir();
  shared.server = await startSshServer(`${shared.scratch}/sshd`);
});
afterAll(async () => {
  await shared.server?.stop();
  await removeTempDir(shared.scratch);
});

interface Place {
  readonly repository: string;
  readonly flags: readonly string[];
}

function overSsh(): Place {
  const { server } = shared;
  if (server === undefined) {
    throw new Error('there is no server');
  }
  const path = temp.join('over-ssh.git');
  spawnSync('git', ['init', '-q', '--bare', path]);
  const flags = ['--ssh-key-file', server.keyPath, '--ssh-known-hosts-file', server.knownHostsPath];
  return { repository: `git+${server.repositoryUrl(path)}#backup`, flags };
}

const PLACES: Readonly<Record<string, () => Place>> = {
  restic: () => ({ repository: temp.join('restic'), flags: [] }),
  dir: () => ({ repository: `dir:${temp.join('directory')}`, flags: [] }),
  'git in a directory': () => ({ repository: `git+file://${temp.join('data.git')}#backup/data`, flags: [] }),
  'git over SSH': overSsh,
};
const withRestic = restic18() !== undefined;

describe.skipIf(!hasRsync)('an odd tree', () => {
  it.for(Object.entries(PLACES))('comes back from %s as rsync sees it', async ([name, place], { skip }) => {
    if (name === 'restic' && !withRestic) {
      skip(NO_RESTIC);
    }
    const volume = temp.join('volume');
    makeOddTree(volume);
    // The volume itself gets our folder, and with it another time.
    expect(spawnSync('cp', ['-a', volume, temp.join('original')]).status).toBe(0);
    const { repository, flags } = place();
    await succeed(['backup', 'now'], { volume, repository, flags: ['--init', ...flags] });
    rmSync(volume, { recursive: true });
    await mkdir(volume);
    await succeed(['restore'], { volume, repository, flags });
    expect(rsyncDifferences(temp.join('original'), volume)).toEqual([]);
    expect(readdirSync(`${volume}/.pillion`)).toContain('marker.json');
    const sparse = await stat(`${volume}/sparse`);
    expect(sparse.blocks * 512).toBeLessThan(sparse.size / 10);
  });
});

it.skipIf(!hasRsync)('what rsync is asked tells of a change', () => {
  makeOddTree(temp.join('one'));
  expect(spawnSync('cp', ['-a', temp.join('one'), temp.join('other')]).status).toBe(0);
  expect(rsyncDifferences(temp.join('one'), temp.join('other'))).toEqual([]);
  spawnSync('chmod', ['0611', temp.join('other/old')]);
  spawnSync('touch', ['-d', '2001-01-01', temp.join('other/empty')]);
  rmSync(temp.join('other/hard-1'));
  expect(
    rsyncDifferences(temp.join('one'), temp.join('other')).map((line) => line.split(' ').at(-1)),
  ).toEqual(expect.arrayContaining(['old', 'empty/', 'a-hard-2']));
});
