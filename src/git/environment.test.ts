import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { git, gitEnvironment } from '../../test/support/git.ts';
import { runProgram } from '../../test/support/run-program.ts';
import { useTempDir } from '../../test/support/use-temp-dir.ts';
import { writeGitConfig, writeProtectiveConfig } from './configuration.ts';
import { discoveryLimits, gitVariables, inheritedEnvironment, protectiveVariables } from './environment.ts';
import { gitSettings } from './testing/settings.ts';

const dir = useTempDir();

const CONTAINER = {
  PATH: '/bin',
  https_proxy: 'http://proxy',
  AWS_REGION: 'x',
  GITSYNC_PASSWORD: 's3cret',
  GIT_SYNC_PASSWORD: 's3cret',
  GITSYNC_CREDENTIAL: 's3cret',
  GITSYNC_GITHUB_APP_PRIVATE_KEY: 's3cret',
  GITSYNC_REPO: 'https://u:s3cret@h/x',
  GITSYNC_WEBHOOK_URL: 'https://u:s3cret@h/x',
  GITSYNC_GIT_CONFIG: 'http.extraHeader:s3cret',
  GIT_ASKPASS_URL: 'http://s3cret/',
  GITSYNC_PERIOD: '10s',
  GIT_DIR: '/elsewhere/.git',
  GIT_INDEX_FILE: '/elsewhere/index',
  GIT_CONFIG_GLOBAL: '/elsewhere/config',
  UNSET: undefined,
};

describe('the environment of git', () => {
  it('is the container’s, without our settings and without what leads git elsewhere', () => {
    const inherited = inheritedEnvironment(CONTAINER);
    expect(inherited).toMatchObject({ PATH: '/bin', https_proxy: 'http://proxy', AWS_REGION: 'x' });
    expect(JSON.stringify(inherited)).not.toMatch(/s3cret|GITSYNC|GIT_SYNC|\/elsewhere\/(\.git|index)/);
    expect(Object.keys(inherited)).not.toContain('UNSET');
  });

  it('gets a configuration of its own and never a prompt', () => {
    expect(gitVariables('/run/gitconfig', 'ssh -i key')).toMatchObject({
      GIT_CONFIG_GLOBAL: '/run/gitconfig',
      GIT_CONFIG_NOSYSTEM: 'true',
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSH_COMMAND: 'ssh -i key',
    });
    expect(gitVariables('/run/gitconfig', undefined)['GIT_SSH_COMMAND']).toBeUndefined();
  });

  it('ends the search for a repository at the root and below it', () => {
    const [above, root, trees] = (discoveryLimits('/mnt/root')['GIT_CEILING_DIRECTORIES'] ?? '').split(':');
    expect([above, root, trees]).toEqual(['/mnt', '/mnt/root', '/mnt/root/.worktrees']);
  });
});

/** What git reads from the files, in this environment. */
async function ask(name: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const env = gitEnvironment({ ...variables });
  return runProgram('git', ['config', '--get-all', name], { cwd: dir.path, env }).catch(() => '');
}

describe('the configuration of git', () => {
  it('has the defaults of git-sync, with what the user adds or replaces', async () => {
    const settings = gitSettings({
      gitConfig: [
        { key: 'user.name', value: 'a "b", c' },
        { key: 'gc.autoDetach', value: 'true' },
        { key: 'safe.directory', value: '/x' },
      ],
    });
    const path = await writeGitConfig({ settings, runtimePath: dir.path, credentialSocket: undefined });
    const read = async (name: string) => ask(name, { GIT_CONFIG_GLOBAL: path });
    expect(await read('gc.pruneExpire')).toBe('now');
    expect(await read('gc.autoDetach')).toBe('true');
    expect(await read('user.name')).toBe('a "b", c');
    expect(await read('safe.directory')).toBe('*\n/x');
    expect(await read('credential.helper')).toBe('');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('asks our socket for passwords, wherever it is', async () => {
    const credentialSocket = dir.join("it's here/credentials");
    const path = await writeGitConfig({ settings: gitSettings(), runtimePath: dir.path, credentialSocket });
    const helper = await ask('credential.helper', { GIT_CONFIG_GLOBAL: path });
    const words = await runProgram('sh', ['-c', `printf '%s\\n' ${helper}`]);
    expect(words.split('\n')).toEqual(['cache', '--timeout', '3600', '--socket', credentialSocket]);
  });

  it('wins over what a root that others wrote to has in its own', async () => {
    await git(dir.path, 'init', '--quiet', '.');
    for (const [key, value] of [
      ['core.hooksPath', dir.join('hooks')],
      ['core.fsmonitor', dir.join('program')],
      ['credential.helper', '!steal'],
    ] as const) {
      await git(dir.path, 'config', key, value);
    }
    const init = { settings: gitSettings(), runtimePath: dir.path, credentialSocket: '/run/credentials' };
    const variables = protectiveVariables(await writeProtectiveConfig(init), {});
    expect((await ask('core.hooksPath', variables)).split('\n').at(-1)).toBe('/dev/null');
    expect((await ask('core.fsmonitor', variables)).split('\n').at(-1)).toBe('false');
    const helpers = (await ask('credential.helper', variables)).split('\n');
    expect(helpers.slice(helpers.lastIndexOf('') + 1)).toEqual([
      'cache --timeout 3600 --socket /run/credentials',
    ]);
  });

  it('leaves to the user what the user sets', async () => {
    const settings = gitSettings({ gitConfig: [{ key: 'core.hooksPath', value: '/mine' }] });
    const path = await writeProtectiveConfig({
      settings,
      runtimePath: dir.path,
      credentialSocket: undefined,
    });
    expect(await ask('core.hooksPath', protectiveVariables(path, {}))).toBe('');
  });

  it('comes before what the container’s own variables configure', async () => {
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'me' };
    const init = { settings: gitSettings(), runtimePath: dir.path, credentialSocket: undefined };
    const variables = protectiveVariables(await writeProtectiveConfig(init), env);
    expect(await ask('user.name', variables)).toBe('me');
    expect(variables).toMatchObject({ GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_0: 'include.path' });
  });

  it.each(['-1', 'x', '1e9', ''])('bears a nonsense count of variables: %j', async (count) => {
    expect(protectiveVariables('/p', { GIT_CONFIG_COUNT: count })['GIT_CONFIG_KEY_0']).toBe('include.path');
  });
});
