import { spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { run, succeed, writeTree } from '../../support/backup/program.ts';
import { NO_RESTIC, restic18 } from '../../support/backup/restic.ts';
import { useTempDir } from '../../support/use-temp-dir.ts';

// Node cannot read or write extended attributes, so Python does.
const SET = `
import os, struct, sys
os.chdir(sys.argv[1])
os.setxattr('file', 'user.note', b'any bytes \\x00\\xff')
os.setxattr('directory', 'user.note', b'of a directory')
entries = [(1, 6, 0xffffffff), (2, 4, 1234), (4, 4, 0xffffffff), (0x10, 4, 0xffffffff), (0x20, 0, 0xffffffff)]
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
os.setxattr('shared', 'system.posix_acl_access', acl)
os.setxattr('directory', 'system.posix_acl_default', acl)
if os.geteuid() == 0:
    os.setxattr('program', 'security.capability', struct.pack('<IIIII', 0x02000001, 0x400, 0, 0, 0))
`;
const SHOW = `
import os, sys
os.chdir(sys.argv[1])
for name in sorted(os.listdir('.')):
    if name != '.pillion':
        print(name, *((key, os.getxattr(name, key)) for key in sorted(os.listxattr(name))))
`;
const temp = useTempDir();
const python = (program: string, folder: string) =>
  spawnSync('python3', ['-c', program, folder], { encoding: 'utf8' });

const FILES = { file: '1', shared: '2', program: '3', 'directory/file': '4' };
const WHY = 'there is no Python, or the file system has no extended attributes';

async function makeVolume(): Promise<string | undefined> {
  const volume = temp.join('volume');
  await writeTree(volume, FILES);
  return python(SET, volume).status === 0 ? volume : undefined;
}

async function thereAndBack(volume: string, repository: string): Promise<string> {
  const { code, stderr } = await run(['backup', 'now'], { volume, repository, flags: ['--init'] });
  expect(code).toBe(0);
  await rm(volume, { recursive: true });
  await mkdir(volume);
  await succeed(['restore'], { volume, repository });
  return stderr;
}

describe('extended attributes: of users, ACLs, capabilities', () => {
  it.skipIf(restic18() === undefined)(
    `come back with restic (skipped when ${NO_RESTIC})`,
    async ({ skip }) => {
      const volume = (await makeVolume()) ?? skip(WHY);
      const before = python(SHOW, volume).stdout;
      expect(before).toContain('user.note');
      const said = await thereAndBack(volume, temp.join('restic'));
      expect(said).not.toContain('extended attributes');
      expect(python(SHOW, volume).stdout).toBe(before);
    },
  );

  it.each([
    ['dir', () => `dir:${temp.join('directory')}`],
    ['git', () => `git+file://${temp.join('data.git')}#data`],
  ])('do not with %s, which its first backup says, and no other', async (_, place) => {
    const volume = temp.join('volume');
    await writeTree(volume, FILES);
    python(SET, volume);
    expect(await thereAndBack(volume, place())).toContain('keeps no extended attributes');
    await writeTree(volume, { file: 'another' });
    const { code, stderr } = await run(['backup', 'now'], { volume, repository: place() });
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('extended attributes')]);
  });
});
