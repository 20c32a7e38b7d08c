import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { writeProgram } from '../safety/support.ts';
import { makeScene } from './scene.ts';

describe('--git-config', () => {
  it('sets what git is configured with, quoted in several ways (additional_git_configs)', async (test) => {
    const scene = await makeScene(test);
    await scene.once(['--git-config=http.postBuffer:10485760,sect.k1:"a val",sect.k2:another val']);
    expect(await scene.read()).toBe('first');
  });

  it('reaches git, and hooks that use git, after the defaults of git-sync', async (test) => {
    const scene = await makeScene(test);
    const names = ['sect.k1', 'sect.k2', 'sect.k3', 'sect.k4', 'gc.autodetach', 'gc.pruneexpire'];
    const command = await writeProgram(
      scene.join('tell.sh'),
      `for name in ${names.join(' ')}; do git config --get "$name"; done >'${scene.join('told')}'`,
    );
    await scene.once([
      '--git-config=sect.k1:"a val",sect.k2:another val,"sect.k3":"with \\"quotes\\" and, comma",gc.pruneExpire:never',
      '--git-config-add=sect.k4:first',
      '--git-config-add=sect.k4:last',
      `--exechook-command=${command}`,
    ]);
    const told = (await scene.read(scene.join('told'))).split('\n');
    expect(told).toEqual(['a val', 'another val', 'with "quotes" and, comma', 'last', 'false', 'never']);
  });

  it('neither reads nor writes the configuration of the user', async (test) => {
    const scene = await makeScene(test);
    const command = await writeProgram(
      scene.join('tell.sh'),
      `{ git config --get user.trap || echo unset; echo "$GIT_CONFIG_GLOBAL"; echo "$GIT_CONFIG_NOSYSTEM"; } >'${scene.join('told')}'`,
    );
    const user = scene.join('home', '.gitconfig');
    await mkdir(scene.join('home'));
    await writeFile(user, '[user]\n\ttrap = read\n');
    await scene.once([`--exechook-command=${command}`], { env: { HOME: scene.join('home') } });
    const [trap, config, nosystem] = (await scene.read(scene.join('told'))).split('\n');
    expect([trap, nosystem]).toEqual(['unset', 'true']);
    expect(config).not.toContain(scene.join('home'));
    expect(await scene.read(user)).toBe('[user]\n\ttrap = read');
  });
});
