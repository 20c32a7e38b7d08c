import { chmod, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { useTempDir } from '../../../../test/support/use-temp-dir.ts';
import { createRecordedLog } from '../../../core/testing/recorded-log.ts';
import { gitSettings } from '../../testing/settings.ts';
import { commandSource } from './command.ts';

const dir = useTempDir();
const { signal } = new AbortController();
const url = 'https://git.example/team/site.git';

/** A source that asks a program with this text, and how its requests ended. */
async function scene(script: string, entry: { readonly username?: string; readonly args?: string[] } = {}) {
  const { username, args = [] } = entry;
  const program = dir.join('helper');
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  const { log, lines } = createRecordedLog();
  const counted: string[] = [];
  const named = username === undefined ? {} : { username };
  const source = commandSource({
    settings: gitSettings({ commandCredentials: [{ url, command: [program, ...args], ...named }] }),
    log,
    now: () => Date.now(),
    env: { PATH: process.env.PATH, SECRET: 'not for it' },
    programEnv: { PATH: process.env.PATH ?? '' },
    onRequest: (name, status) => {
      counted.push(`${name} ${status}`);
    },
  });
  if (source === undefined) {
    throw new Error('no source');
  }
  return { source, load: () => source.load(signal), counted, lines };
}

const surroundings = () => ({
  log: createRecordedLog().log,
  now: () => Date.now(),
  env: { PATH: process.env.PATH },
  onRequest: () => {},
});

describe('a program for credentials', () => {
  it('is asked as git asks its helpers, with its arguments and without the secrets of others', async () => {
    const seen = dir.join('seen');
    const { load } = await scene(`{ echo "$*|$SECRET"; cat; } > ${seen}; echo '{"token":"t"}'`, {
      username: 'me',
      args: ['get', 'a b'],
    });
    expect(await load()).toEqual([{ url, username: 'me', password: 't' }]);
    expect(await readFile(seen, 'utf8')).toBe(
      'get a b|\nprotocol=https\nhost=git.example\npath=team/site.git\nusername=me\n\n',
    );
  });

  it('is asked in whole lines, whatever the address holds', async () => {
    const seen = dir.join('seen');
    const { settings, ...init } = { settings: gitSettings(), ...surroundings() };
    const command = ['/bin/sh', '-c', `cat > ${seen}; echo password=p`] as const;
    const entry = { url: 'https://git.example/a%0Ahost=evil', command };
    await commandSource({ ...init, settings: { ...settings, commandCredentials: [entry] } })?.load(signal);
    expect(await readFile(seen, 'utf8')).toBe('protocol=https\nhost=git.example\n\n');
  });

  it('may answer in the lines of git, with a user, and need not read the question', async () => {
    const { load, counted } = await scene(`printf 'username=u\\npassword=p\\n'`);
    expect(await load()).toEqual([{ url, username: 'u', password: 'p' }]);
    await load();
    expect(counted).toEqual(['command success', 'command success']);
  });

  it('is not asked again while what it gave holds, unless that was refused', async () => {
    const { source, load, counted } = await scene(`echo '{"password":"p","expiresIn":3600}'`);
    await load();
    await load();
    expect(counted).toHaveLength(1);
    source.forget?.();
    await load();
    expect(counted).toHaveLength(2);
  });

  it.each([
    [
      'fails',
      'echo password=hunter2; echo "bad hunter2 thing" >&2; exit 3',
      'exit code 3: bad REDACTED thing',
    ],
    ['dies', 'kill -9 $$', 'failed with SIGKILL'],
    ['says nothing', 'exit 0', 'gave no usable answer: there is no password in it'],
    ['answers with a page', 'echo "<html>hunter2</html>"', 'gave no usable answer'],
    [
      'floods',
      'head -c 1048576 /dev/zero | tr "\\0" x; echo; echo password=hunter2',
      'longer than 65536 bytes',
    ],
    ['gives what has ended', `echo '{"password":"hunter2","expiresAt":1000}'`, 'has ended already'],
  ])('that %s is an error without what it printed', async (_what, script, why) => {
    const { load, counted, lines } = await scene(script);
    const error: unknown = await load().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'credential_command_failed', message: expect.stringContaining(why) });
    expect(String(error) + lines.join()).not.toContain('hunter2');
    expect(counted).toEqual(['command error']);
  });

  it('that is not there is named', async () => {
    const { source } = await scene('');
    expect(source.name).toBe('command');
    const missing = commandSource({
      settings: gitSettings({ commandCredentials: [{ url, command: ['/no/such/program'] }] }),
      log: createRecordedLog().log,
      now: () => 0,
      env: {},
      onRequest: () => {},
    });
    await expect(missing?.load(signal)).rejects.toThrow(
      '/no/such/program cannot be started: it does not exist',
    );
  });

  it('that hangs ends with the work that needs it', async () => {
    const { source } = await scene('exec sleep 600');
    const stop = new AbortController();
    const loading = source.load(stop.signal);
    stop.abort(new Error('stop'));
    await expect(loading).rejects.toThrow('stop');
  });
});
