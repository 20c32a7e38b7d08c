/** What v3 leaves on the volume: names, links, history and modes that other containers rely on. */
import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { git } from '../../../support/git.ts';
import { createRepository, gitmodules } from '../../../support/git-repository.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { expectLink, makeMaster, mustRunV3, runV3, startV3, waitForEntries } from './support.ts';

const dir = useTempDir();

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o7777).toString(8);
}

describe('the volume of v3', () => {
  it('has the link named after the repository, and rev-<hash> next to it, directly in the root', async () => {
    const { repository, first } = await makeMaster(dir.join('site.git'));
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-one-time']);
    await expectLink(dir.join('root/site.git'), `rev-${first}`, '1');
    expect(await readdir(dir.join('root'))).toEqual(['.git', `rev-${first}`, 'site.git']);
  });

  it('is $HOME/git when no root is given', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mustRunV3([`-repo=${repository.url}`, '-dest=link', '-one-time'], { env: { HOME: dir.path } });
    await expectLink(dir.join('git/link'), `rev-${first}`, '1');
  });

  it('holds the whole history unless -depth says otherwise', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const second = await repository.commit({ file: '2' });
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time'];
    const count = async () => git(dir.join('root/link'), 'rev-list', '--count', 'HEAD');
    await mustRunV3([...args, '-depth=1']);
    expect(await count()).toBe('1');
    await mustRunV3(args);
    expect(await count()).toBe('2');
    await expectLink(dir.join('root/link'), `rev-${second}`);
  });

  it('lets git work in the published tree wherever the volume is mounted', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time']);
    expect(await readFile(dir.join('root/link/.git'), 'utf8')).toBe(
      `gitdir: ../.git/worktrees/rev-${first}\n`,
    );
    expect(await git(dir.join('root/link'), 'status', '--porcelain')).toBe('');
    expect(await git(dir.join('root/link'), 'rev-parse', 'HEAD')).toBe(first);
  });

  it('publishes at a path below the root, by a link that stays relative', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=a/b/link', '-one-time']);
    await expectLink(dir.join('root/a/b/link'), `../../rev-${first}`, '1');
  });

  it('publishes at an absolute path outside the root', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const dest = dir.join('elsewhere/link');
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, `-dest=${dest}`, '-one-time']);
    await expectLink(dest, `../root/rev-${first}`, '1');
  });

  it('may be reached through a symbolic link', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mkdir(dir.join('real'));
    await symlink('real', dir.join('root'));
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time']);
    await expectLink(dir.join('real/link'), `rev-${first}`, '1');
  });

  it('keeps what somebody else put there, which v3 would have removed', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mkdir(dir.join('root/lost+found'), { recursive: true });
    await writeFile(dir.join('root/notes'), 'mine');
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time']);
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
    expect(await readFile(dir.join('root/notes'), 'utf8')).toBe('mine');
    expect(await readdir(dir.join('root'))).toContain('lost+found');
  });

  it('loses the old tree after a change, and nothing but that', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const root = dir.join('root');
    await mkdir(root);
    await writeFile(`${root}/notes`, 'mine');
    await startV3([`-repo=${repository.url}`, `-root=${root}`, '-dest=link', '-wait=0.05']);
    await waitForEntries(root, ['.git', 'link', 'notes', `rev-${first}`]);
    const second = await repository.commit({ file: '2' });
    await waitForEntries(root, ['.git', 'link', 'notes', `rev-${second}`]);
    expect(await readlink(`${root}/link`)).toBe(`rev-${second}`);
  });

  it('has the submodules of the repository, nested ones too, unless they are off', async () => {
    const [inner, middle] = [
      await createRepository(dir.join('inner')),
      await createRepository(dir.join('middle')),
    ];
    const tip = await inner.commit({ part: 'in a submodule' });
    const outer = await middle.commit({
      '.gitmodules': gitmodules([{ path: 'nested', url: inner.url }]),
      nested: { gitlink: tip },
    });
    const { repository } = await makeMaster(dir.join('repo'));
    await repository.commit({
      '.gitmodules': gitmodules([{ path: 'sub', url: middle.url }]),
      sub: { gitlink: outer },
    });
    const args = [
      `-repo=${repository.url}`,
      '-dest=link',
      '-git-config=protocol.file.allow:always',
      '-one-time',
    ];
    await mustRunV3([...args, `-root=${dir.join('with')}`]);
    expect(await readFile(dir.join('with/link/sub/nested/part'), 'utf8')).toBe('in a submodule');
    await mustRunV3([...args, `-root=${dir.join('without')}`, '-submodules=off']);
    expect(await readdir(dir.join('without/link/sub'))).toEqual([]);
  });
});

describe('-change-permissions', () => {
  it.each(['0750', '488', '0x1e8'])('gives files and directories alike the mode %s', async (mode) => {
    const { repository } = await makeMaster(dir.join('repo'));
    await repository.commit({
      'sub/run.sh': { executable: '#!/bin/sh\n' },
      'sub/link': { symlink: 'run.sh' },
    });
    const root = dir.join('root');
    await mustRunV3([
      `-repo=${repository.url}`,
      `-root=${root}`,
      '-dest=link',
      `-change-permissions=${mode}`,
      '-one-time',
    ]);
    const modes = await Promise.all(
      ['', '/file', '/sub', '/sub/run.sh'].map(async (name) => modeOf(`${root}/link${name}`)),
    );
    expect(modes).toEqual(['750', '750', '750', '750']);
    expect(await readlink(`${root}/link/sub/link`)).toBe('run.sh');
  });

  it('is octal in $GIT_SYNC_PERMISSIONS too', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time'], {
      env: { GIT_SYNC_PERMISSIONS: '0777' },
    });
    expect(await modeOf(dir.join('root/link/file'))).toBe('777');
  });

  it('does not make the tree look damaged at a restart', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const args = [
      `-repo=${repository.url}`,
      `-root=${dir.join('root')}`,
      '-dest=link',
      '-change-permissions=0711',
    ];
    await mustRunV3([...args, '-one-time']);
    const before = await stat(dir.join(`root/rev-${first}`));
    const again = await mustRunV3([...args, '-one-time']);
    expect((await stat(dir.join(`root/rev-${first}`))).ino).toBe(before.ino);
    expect(again.stderr).not.toContain('adding worktree');
  });

  it('leaves modes alone by default: 755 and 644, whatever the umask was', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    await mustRunV3([`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time']);
    expect([await modeOf(dir.join('root/link/')), await modeOf(dir.join('root/link/file'))]).toEqual([
      '755',
      '644',
    ]);
  });

  it('is not needed for a group that may write: -group-write', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-group-write'];
    await mustRunV3([...args, '-one-time']);
    expect([await modeOf(dir.join('root/link/')), await modeOf(dir.join('root/link/file'))]).toEqual([
      '775',
      '664',
    ]);
  });

  it('that is no number ends the start with a usage error', async () => {
    const result = await runV3(['-repo=file:///x', '-change-permissions=rwx']);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('invalid value "rwx" for flag -change-permissions: parse error');
  });
});
