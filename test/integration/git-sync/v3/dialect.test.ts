/** How a command line is taken for one of v3, and what a v3 sidecar then shows to those who watch it. */
import { describe, expect, it } from 'vitest';
import { type RunningPillion, runPillion } from '../../../support/pillion.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { expectLink, makeMaster, mustRunV3, runV3, startV3, waitForLink } from './support.ts';

const dir = useTempDir();

describe('the dialect', () => {
  it('is v3 for flags with one dash', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mustRunV3(['-repo', repository.url, '-root', dir.join('root'), '-dest', 'link', '-one-time']);
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
  });

  it('is v3 for flags with two dashes when PILLION_GIT_SYNC_DIALECT says so', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const args = ['--repo', repository.url, '--root', dir.join('root'), '--dest=link', '--one-time'];
    await mustRunV3(args, { env: { PILLION_GIT_SYNC_DIALECT: 'v3' } });
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
  });

  it.each(['git-sync-v3', 'git-sync'])('is told by the name it is started under: %s', async (startedAs) => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const args = ['--repo', repository.url, '--root', dir.join('root'), '--dest=link', '--one-time'];
    const result = await runPillion(args, { startedAs });
    expect(result.code, result.stderr).toBe(0);
    const target = startedAs === 'git-sync-v3' ? `rev-${first}` : `.worktrees/${first}`;
    await expectLink(dir.join('root/link'), target, '1');
  });

  it('is v4 for v3 flags with two dashes when nothing says otherwise', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    await mustRunV3(['--repo', repository.url, '--root', dir.join('root'), '--dest=link', '--one-time']);
    await expectLink(dir.join('root/link'), `.worktrees/${first}`, '1');
  });

  it('that does not exist is refused with what there is', async () => {
    const result = await runV3(['--repo=file:///x'], { env: { PILLION_GIT_SYNC_DIALECT: 'v2' } });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('must be v3 or v4');
  });
});

describe('a v3 sidecar without any arguments', () => {
  it('takes everything from GIT_SYNC_* variables, where empty ones count as not set', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    await repository.setBranch('release');
    const tip = await repository.commit({ file: 'released' }, 'r', { branch: 'release' });
    const env = {
      PILLION_GIT_SYNC_DIALECT: 'v3',
      GIT_SYNC_REPO: repository.url,
      GIT_SYNC_BRANCH: 'release',
      GIT_SYNC_REV: 'HEAD',
      GIT_SYNC_DEPTH: '1',
      GIT_SYNC_ROOT: dir.join('root'),
      GIT_SYNC_DEST: 'repo',
      GIT_SYNC_ADD_USER: 'true',
      GIT_SYNC_WAIT: '0.05',
      GIT_SYNC_MAX_SYNC_FAILURES: '0',
      GIT_SYNC_SSH: '',
      GIT_SYNC_USERNAME: '',
      GIT_SYNC_ONE_TIME: '',
    };
    const running = await startV3([], { env });
    await waitForLink(dir.join('root/repo'), `rev-${tip}`);
    await expectLink(dir.join('root/repo'), `rev-${tip}`, 'released');
    const next = await repository.commit({ file: 'next' }, 'n', { branch: 'release' });
    await waitForLink(dir.join('root/repo'), `rev-${next}`);
    expect(running.stderr()).not.toContain('WARNING');
  });

  it('goes on with the default when a variable is no number, and says so', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const env = {
      GIT_SYNC_REPO: repository.url,
      GIT_SYNC_ROOT: dir.join('root'),
      GIT_SYNC_DEPTH: 'all',
      GIT_SYNC_ONE_TIME: 'true',
    };
    const result = await runPillion([], { env, startedAs: 'git-sync-v3' });
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('WARNING: invalid env value');
    expect(result.stderr).toContain('key=GIT_SYNC_DEPTH');
    await expectLink(dir.join('root/repo'), `rev-${first}`, '1');
  });

  it('lets a flag win over its variable', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const env = { GIT_SYNC_DEST: 'from-env', GIT_SYNC_ROOT: dir.join('root') };
    await mustRunV3([`-repo=${repository.url}`, '-dest=from-flag', '-one-time'], { env });
    await expectLink(dir.join('root/from-flag'), `rev-${first}`);
  });
});

describe('HTTP of v3', () => {
  /** The address that the sidecar says it serves at. */
  async function serving(running: RunningPillion): Promise<string> {
    const line = await running.waitForLog('"msg"="serving HTTP"');
    return `http://${/"endpoint"="([^"]+)"/.exec(line)?.[1] ?? ''}`;
  }

  async function start(...flags: string[]) {
    const { repository } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-http-bind=127.0.0.1:0'];
    const running = await startV3([...args, '-wait=0.05', ...flags]);
    const url = await serving(running);
    await running.waitForLog('updated successfully');
    return { repository, running, url };
  }

  it('serves metrics without being asked to, under the names that dashboards know', async () => {
    const { repository, running, url } = await start();
    const from = running.lines().length;
    await repository.commit({ file: '2' });
    await running.waitForLog('updated successfully', { from });
    const metrics = async () => (await fetch(`${url}/metrics`)).text();
    await expect.poll(metrics).toContain('git_sync_count_total{status="success"} 2');
    await expect.poll(metrics).toMatch(/^git_sync_duration_seconds_sum\{status="noop"\} /m);
    expect(await metrics()).toMatch(/^git_sync_duration_seconds_count\{status="success"\} 2$/m);
    expect((await fetch(url)).status).toBe(200);
  });

  it('serves none with -http-metrics=false, and profiles only with -http-pprof', async () => {
    const { url } = await start('-http-metrics=false', '-http-pprof');
    expect(await (await fetch(`${url}/metrics`)).text()).toBe('');
    expect((await fetch(`${url}/debug/pprof/`)).status).toBe(200);
  });

  it('answers 503 until the first sync has succeeded', async () => {
    const args = [`-repo=file://${dir.join('repo')}`, `-root=${dir.join('root')}`, '-dest=link'];
    const running = await startV3([...args, '-http-bind=127.0.0.1:0', '-max-sync-failures=-1', '-wait=0.05']);
    const url = await serving(running);
    await running.waitForLog('will retry');
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([503, 'repo is not ready\n']);
    await makeMaster(dir.join('repo'));
    await expect.poll(async () => (await fetch(url)).status).toBe(200);
  });
});
