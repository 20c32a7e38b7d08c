/** The log of v3: glog's lines, with the messages that its users search for (seed 000 shows them). */
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { makeMaster, runV3, startV3 } from './support.ts';

const dir = useTempDir();

const GLOG = /^[IWE]\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ [\w.-]+:\d+\] /;

describe('the log of v3', () => {
  it('has one glog line for each message, on stderr', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const result = await runV3([
      `-repo=${repository.url}`,
      `-root=${dir.join('root')}`,
      '-one-time',
      '-v=6',
      '-logtostderr',
      '-stderrthreshold=INFO',
    ]);
    expect(result).toMatchObject({ code: 0, stdout: '' });
    const lines = result.stderr.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => !GLOG.test(line))).toEqual([]);
    expect(lines[0]).toMatch(/^I.* {2}"level"=0 "msg"="starting up" {2}/);
  });

  it('tells a first sync as the original does, from clone to reset', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const root = dir.join('root');
    const result = await runV3([`-repo=${repository.url}`, `-root=${root}`, '-dest=link', '-one-time']);
    const told = result.stderr.split('\n').map((line) => line.replace(GLOG, '').trim());
    const tree = `${root}/rev-${first}`;
    expect(told).toEqual(
      expect.arrayContaining([
        `"level"=0 "msg"="cloning repo"  "origin"="${repository.url}" "path"="${root}"`,
        `"level"=0 "msg"="syncing git"  "hash"="${first}" "rev"="HEAD"`,
        `"level"=0 "msg"="adding worktree"  "branch"="origin/master" "path"="${tree}"`,
        `"level"=0 "msg"="reset worktree to hash"  "hash"="${first}" "path"="${tree}"`,
      ]),
    );
  });

  it('tells a change with both hashes, and at level 1 that there was none', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-wait=0.05', '-v=1'];
    const running = await startV3(args);
    await running.waitForLog('"msg"="no update required"');
    const second = await repository.commit({ file: '2' });
    const line = await running.waitForLog('"msg"="update required"');
    expect(line).toContain(`"local"="${first}" "remote"="${second}" "rev"="HEAD"`);
    await running.waitForLog(`"msg"="removing worktree"`);
    expect(await running.waitForLog('"msg"="next sync"')).toContain('"wait_time"="50ms"');
  });

  it('tells failures, when it goes on and when it gives up, in the words of v3', async () => {
    const args = [`-repo=file://${dir.join('nowhere')}`, `-root=${dir.join('root')}`, '-wait=0.01'];
    const result = await runV3([...args, '-max-sync-failures=1']);
    expect(result.stderr).toMatch(/^E.*"msg"="unexpected error syncing repo, will retry" "error"="Run\(git/m);
    expect(result.stderr).toMatch(/^I.*"msg"="waiting before retrying" {2}"waitTime"="10ms"$/m);
    expect(result.stderr).toMatch(/^E.*"msg"="too many failures, aborting" "error"="Run\(git/m);
  });

  it('says that a commit needs no further sync', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const running = await startV3([
      `-repo=${repository.url}`,
      `-root=${dir.join('root')}`,
      `-rev=${first.slice(0, 8)}`,
    ]);
    const line = await running.waitForLog('"msg"="rev appears to be a git hash, no further sync needed"');
    expect(line).toContain(`"rev"="${first.slice(0, 8)}"`);
  });
});
