/** When v3 gives up: `-max-sync-failures` is the number that is tolerated, the next one ends the process. */
import { access, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { installFake } from '../../../support/fake-programs.ts';
import { createRepository } from '../../../support/git-repository.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { expectLink, makeMaster, runV3, startV3, waitForLink } from './support.ts';

const dir = useTempDir();

const countOf = (text: string, what: string) => text.split(what).length - 1;

describe('-max-sync-failures', () => {
  it.each([
    [[], 1],
    [['-max-sync-failures=0'], 1],
    [['-max-sync-failures=1'], 2],
    [['-max-sync-failures=3'], 4],
  ])('with %j ends the process at failure %i in a row', async (flags, failures) => {
    const repo = [`-repo=file://${dir.join('nowhere')}`, `-root=${dir.join('root')}`, '-wait=0.01'];
    const result = await runV3([...repo, ...flags]);
    expect(result).toMatchObject({ code: 1, signal: null });
    expect(countOf(result.stderr, 'will retry')).toBe(failures - 1);
    expect(countOf(result.stderr, 'too many failures, aborting')).toBe(1);
  });

  it('with -1 never ends it, and the published tree stays all the while', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link'];
    const running = await startV3([...args, '-max-sync-failures=-1', '-wait=0.01']);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    await repository.setBranch('aside');
    await repository.setDefaultBranch('aside');
    await repository.deleteBranch('master');
    await running.waitForLog(/"failCount"=5/);
    await expectLink(dir.join('root/link'), `rev-${first}`, '1');
    const back = await repository.commit({ file: 'back' }, 'back', { parent: null });
    await waitForLink(dir.join('root/link'), `rev-${back}`);
  });

  it('counts only failures in a row', async () => {
    const { repository, first } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-wait=0.05'];
    const running = await startV3([...args, '-max-sync-failures=1000', '-v=4']);
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    await repository.setBranch('aside');
    await repository.deleteBranch('master');
    await running.waitForLog(/"failCount"=2/);
    await repository.setBranch('master', 'aside');
    await running.waitForLog('resetting failure count');
    const from = running.lines().length;
    await repository.deleteBranch('master');
    expect(await running.waitForLog('will retry', { from })).toContain('"failCount"=1');
  });

  it('counts a sync that takes longer than -timeout', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-timeout=1', '-git=sleeping-git'];
    await installFake(dir.join('bin'), 'git-hang', {}, 'sleeping-git');
    const result = await runV3(args, { env: { PATH: `${dir.join('bin')}:${process.env['PATH'] ?? ''}` } });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toContain('context deadline exceeded');
    expect(result.stderr).toContain('raise -timeout');
    // A git that is waited for would hang for minutes; how fast it is ended is measured elsewhere.
    expect(result.durationMs).toBeLessThan(20_000);
  });
});

describe('-wait', () => {
  it('is a number of seconds with a fraction', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-v=3'];
    const running = await startV3([...args, '-wait', '0.25']);
    expect(await running.waitForLog('"msg"="next sync"')).toContain('"wait_time"="250ms"');
  });

  it('of 0 polls without a pause', async () => {
    const { repository } = await makeMaster(dir.join('repo'));
    const running = await startV3([
      `-repo=${repository.url}`,
      `-root=${dir.join('root')}`,
      '-dest=link',
      '-wait=0',
    ]);
    await running.waitForLog('updated successfully');
    const next = await repository.commit({ file: '2' });
    await waitForLink(dir.join('root/link'), `rev-${next}`);
  });
});

describe('-error-file', () => {
  it('is a name in the root that holds the last error until a sync succeeds', async () => {
    const repository = await createRepository(dir.join('repo'), { branch: 'master' });
    const args = [`-repo=${repository.url}`, `-root=${dir.join('root')}`, '-dest=link', '-wait=0.05'];
    await startV3([...args, '-max-sync-failures=-1', '-error-file=/error.json']);
    const file = dir.join('root/error.json');
    const error = await waitFor(async () => readFile(file, 'utf8'), { what: 'the error file' });
    expect(JSON.parse(error)).toMatchObject({ Err: expect.stringContaining("couldn't find remote ref") });
    const first = await repository.commit({ file: '1' });
    await waitForLink(dir.join('root/link'), `rev-${first}`);
    await waitFor(async () => (await readFile(file, 'utf8').catch(() => 'gone')) === 'gone', {
      what: 'the end of the error file',
    });
  });
});

describe('a v3 command line with a mistake', () => {
  it.each([
    [['-repo='], 1, 'ERROR: --repo must be specified'],
    [['-ssh', 'true', '-repo=file:///x'], 1, 'ERROR: --repo must be specified'],
    [['-repo=file:///x', '-depth=-1'], 1, 'ERROR: --depth must be greater than or equal to 0'],
    [['-repo=file:///x', '-ssh', '-username=u', '-password=p'], 1, 'only one of --ssh and --username'],
    [['-repo=file:///x', '-nope'], 2, 'flag provided but not defined: -nope'],
    [['-repo=file:///x', '-wait=soon'], 2, 'invalid value "soon" for flag -wait: parse error'],
    [['-repo=file:///x', '-git=no-such-git'], 1, 'git executable not found: no-such-git'],
  ])('as in %j ends with %i and makes nothing', async (args, code, message) => {
    const result = await runV3([...args.slice(0, 1), `-root=${dir.join('root')}`, ...args.slice(1)]);
    expect(result).toMatchObject({ code, signal: null, stdout: '' });
    expect(result.stderr).toContain(message);
    await expect(access(dir.join('root'))).rejects.toThrow('ENOENT');
  });
});
