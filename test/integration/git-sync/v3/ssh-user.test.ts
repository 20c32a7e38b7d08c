/** SSH as a user whom no passwd file knows, as Kubernetes' runAsUser and OpenShift give one. */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, readlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useProgramsForOthers } from '../../../support/for-others.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { canUseContainer, inContainer } from './container.ts';
import { makeMaster, makeSecret, startSsh } from './support.ts';

const dir = useTempDir();
const programsForOthers = useProgramsForOthers();
const hasContainer = await canUseContainer();
const hasWrapper = readdirSync('/usr/lib').some((name) => existsSync(`/usr/lib/${name}/libnss_wrapper.so`));

const UID = 12_345;
const FS_GROUP = 65_533;

/** A root that the user may write, and a Secret as fsGroup makes it: of root's, readable by the group. */
async function setUp() {
  await chmod(dir.path, 0o755);
  const server = await startSsh(dir.join('sshd'));
  const { repository, first } = await makeMaster(dir.join('repo.git'));
  const secret = await makeSecret(dir.join('git-secret'), server, 0o440);
  for (const file of [secret.key, secret.knownHosts]) {
    await chown(file, 0, FS_GROUP);
  }
  await mkdir(dir.join('root'));
  await chown(dir.join('root'), UID, UID);
  // The Secret is where both generations look for it when nobody says otherwise.
  const repo = server.repositoryUrl(repository.path);
  const v3 = ['-ssh', `-repo=${repo}`, `-root=${dir.join('root')}`, '-dest=link', '-one-time'];
  const v4 = [`--repo=${repo}`, '--ref=master', `--root=${dir.join('root')}`, '--link=link', '--one-time'];
  const options = {
    scratch: dir.join('container'),
    secret: dir.join('git-secret'),
    uid: UID,
    programs: await programsForOthers(),
    groups: [FS_GROUP],
  };
  return { v3, v4, first, options };
}

describe.skipIf(!hasContainer)('a user without a passwd entry', () => {
  it.each(['v3', 'v4'] as const)('gets one with add-user, and then syncs over ssh (%s)', async (dialect) => {
    const { first, options, ...args } = await setUp();
    const flag = dialect === 'v3' ? '-add-user' : '--add-user';
    const result = await inContainer([...args[dialect], flag], { ...options, writablePasswd: true });
    expect(result.code, result.stderr).toBe(0);
    expect(await readlink(dir.join('root/link'))).toBe(
      dialect === 'v3' ? `rev-${first}` : `.worktrees/${first}`,
    );
    const passwd = await readFile(dir.join('container/etc/passwd'), 'utf8');
    expect(passwd).toContain(`git-sync:x:${UID}:${UID}::${dir.join('container/home')}:/sbin/nologin\n`);
  });

  it('is added once only, however often it starts', async () => {
    const { v3, options } = await setUp();
    for (let run = 0; run < 2; run += 1) {
      const result = await inContainer([...v3, '-add-user'], { ...options, writablePasswd: true });
      expect(result.code, result.stderr).toBe(0);
    }
    const etc = dir.join('container/etc/passwd');
    expect((await readFile(etc, 'utf8')).match(/^git-sync:/gm)).toHaveLength(1);
  });

  it.skipIf(hasWrapper)('is told what would help when nothing makes it known', async () => {
    const { v4, options } = await setUp();
    const result = await inContainer(v4, options);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('No user exists for uid 12345');
    expect(result.stderr).toContain('"code":"user_unknown"');
    expect(result.stderr).toContain('--add-user');
    expect(result.stderr).toContain('libnss-wrapper');
  });

  it.skipIf(hasWrapper)('is told that /etc/passwd cannot be written when add-user cannot do it', async () => {
    const { v3, options } = await setUp();
    const result = await inContainer([...v3, '-add-user'], options);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('cannot add the user to /etc/passwd');
  });

  it.skipIf(!hasWrapper)('syncs without an entry where libnss-wrapper is installed', async () => {
    const { v4, first, options } = await setUp();
    const result = await inContainer(v4, options);
    expect(result.code, result.stderr).toBe(0);
    expect(await readlink(dir.join('root/link'))).toBe(`.worktrees/${first}`);
  });

  it('needs no entry without ssh', async () => {
    const { first, options } = await setUp();
    const args = [`-repo=file://${dir.join('repo.git')}`, `-root=${dir.join('root')}`, '-dest=link'];
    const result = await inContainer([...args, '-one-time'], options);
    expect(result.code, result.stderr).toBe(0);
    expect(await readlink(dir.join('root/link'))).toBe(`rev-${first}`);
  });
});
