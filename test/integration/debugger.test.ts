/** No command opens a debugger, from its first instruction on: the loopback interface belongs to the whole pod. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeAuthority } from '../../src/core/http/client/fixtures/authority.ts';
import { PILLION } from '../support/pillion.ts';
import { useTempDir } from '../support/use-temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const temp = useTempDir();
const STARTED: Readonly<Record<string, string>> = {
  'git-sync': '"msg":"starting up"',
  cron: '"level"',
  credentials: '"level"',
  restore: '"level"',
  backup: '"level"',
  injector: '"level"',
};

async function argumentsOf(command: string): Promise<readonly string[]> {
  switch (command) {
    case 'cron':
      await writeFile(temp.join('crontab'), '* * * * * true\n');
      return [temp.join('crontab')];
    case 'credentials': {
      const entry = {
        user: 'a',
        provider: 'exec',
        command: ['/bin/false'],
        outputs: [`pgbouncer=${temp.join('u')}`],
      };
      await writeFile(temp.join('credentials.yaml'), JSON.stringify({ credentials: [entry] }));
      return [`--config=${temp.join('credentials.yaml')}`];
    }
    case 'restore':
    case 'backup': {
      await mkdir(temp.join('volume'), { recursive: true });
      const place = [`--volume=${temp.join('volume')}`, `--repository=dir:${temp.join('nowhere')}`];
      return [...place, ...(command === 'backup' ? ['--schedule=@daily'] : [])];
    }
    case 'injector': {
      const { cert, key } = makeAuthority(temp.path).issue('127.0.0.1');
      await writeFile(temp.join('bundle.pem'), `${key}${cert}`, { mode: 0o600 });
      return ['--bind=127.0.0.1:0', `--tls-cert-file=${temp.join('bundle.pem')}`];
    }
    default:
      return [`--root=${temp.join('root')}`, '--repo=file:///nowhere', '--max-failures=-1'];
  }
}

interface Started {
  readonly child: ReturnType<typeof spawn>;
  output(): string;
}

async function start(
  command: string,
  env: Readonly<Record<string, string>> = {},
  viaNode = false,
): Promise<Started> {
  const args = [command, ...(await argumentsOf(command))];
  const child = viaNode
    ? spawn(process.execPath, [PILLION, ...args], { env: { ...process.env, ...env } })
    : spawn(PILLION, args, { env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

describe.each(Object.keys(STARTED))('%s', (command) => {
  it('opens no debugger at SIGUSR1, whenever in its start it comes', async () => {
    for (let delayMs = 0; delayMs < 100; delayMs += 4) {
      const { child, output } = await start(command, { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const timer = setInterval(() => child.kill('SIGUSR1'), 1);
      await once(child, 'close');
      clearInterval(timer);
      expect(output()).not.toContain('Debugger');
    }
  });

  it.each(['--inspect', '--inspect-wait', '--inspect-brk', '--inspect-port'])(
    'opens no debugger when NODE_OPTIONS of the pod says %s',
    async (option) => {
      const { child, output } = await start(command, { NODE_OPTIONS: `${option}=127.0.0.1:0` });
      await waitFor(() => output().includes(STARTED[command] ?? ''), { what: 'its first words' });
      expect(output()).not.toContain('Debugger');
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  );

  it('closes one that is open when it is started as an argument of Node', async () => {
    const { child, output } = await start(command, { NODE_OPTIONS: '--inspect=127.0.0.1:0' }, true);
    await waitFor(() => output().includes(STARTED[command] ?? ''), { what: 'its first words' });
    expect(output()).toContain('the debugger that --inspect opened is closed');
    const address = /ws:\/\/([^/]+)/.exec(output())?.[1];
    await expect(fetch(`http://${address}/json`)).rejects.toThrow('fetch failed');
    child.kill('SIGKILL');
    await once(child, 'close');
  });
});
