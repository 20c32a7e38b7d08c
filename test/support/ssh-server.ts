import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { findProgram } from '../../scripts/packages.ts';
import { listenOnLoopback } from './listen.ts';
import { runProgram } from './run-program.ts';

export interface SshServer {
  readonly port: number;
  readonly user: string;
  /** A private key that the server accepts. */
  readonly keyPath: string;
  /** `[127.0.0.1]:port ssh-ed25519 ...`, and a file that holds it. */
  readonly knownHosts: string;
  readonly knownHostsPath: string;
  /** ssh:// URL of a repository with an absolute path. */
  repositoryUrl(repositoryPath: string): string;
  /**
   * Makes another key pair that the server accepts; returns the private key's path.
   * @param restrictions as they stand before a key in authorized_keys, such as READ_ONLY_FILES
   */
  addKey(name: string, restrictions?: string): Promise<string>;
  /** Number of connections that came in so far. */
  connections(): number;
  /** Number of commands that were run over them so far. */
  sessions(): number;
  /** What sshd logged, as in "Accepted publickey for root from ... SHA256:...". */
  log(): string;
  /** From now on connections are accepted and then nothing is ever said; false ends that for new connections. */
  setSilent(silent: boolean): void;
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Of a key that may read files over SFTP, and do nothing else. */
export const READ_ONLY_FILES = 'restrict,command="internal-sftp -R"';

/** Makes an ed25519 key pair without passphrase; the public one gets `.pub` at the end. Returns `file`. */
export async function makeSshKey(file: string): Promise<string> {
  await runProgram('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  return file;
}

/** SHA256 fingerprint of a key, as sshd logs it. */
export async function sshFingerprint(keyPath: string): Promise<string> {
  const line = await runProgram('ssh-keygen', ['-l', '-f', `${keyPath}.pub`]);
  return line.split(' ')[1] ?? '';
}

export interface SshServerOptions {
  /** Lets git say which version of its protocol it speaks, without which it is 0. Default: true. */
  readonly acceptsProtocol?: boolean;
  /** A directory with programs that the server has besides those of the system. */
  readonly programs?: string;
}

function configuration(dir: string, { acceptsProtocol = true, programs }: SshServerOptions): string {
  const more = programs === undefined ? '' : ` PATH=${programs}:${process.env['PATH'] ?? ''}`;
  return [
    `HostKey ${path.join(dir, 'host_key')}`,
    `AuthorizedKeysFile ${path.join(dir, 'authorized_keys')}`,
    'PidFile none',
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    // PAM and the check of file owners ask about the machine, not about what is tested.
    'UsePAM no',
    'StrictModes no',
    'UseDNS no',
    'PrintMotd no',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
    ...(acceptsProtocol ? ['AcceptEnv GIT_PROTOCOL'] : []),
    // Nor is what the machine's own user has in ~/.bashrc, which bash reads for a command over ssh too.
    `SetEnv HOME=${dir} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1${more}`,
    '',
  ].join('\n');
}

/**
 * One sshd per connection (inetd mode) on the socket itself: no port has to be guessed, nothing survives its
 * connection, and all of it also works without root.
 */
function serveConnection(
  sshd: string,
  config: string,
  socket: Socket,
  log: (text: string) => void,
): ChildProcess {
  const child = spawn(sshd, ['-i', '-e', '-f', config], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', log);
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {});
  child.once('error', () => socket.destroy());
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  socket.once('close', () => child.kill('SIGKILL'));
  return child;
}

async function prepare(dir: string, options: SshServerOptions): Promise<string> {
  await mkdir(dir, { recursive: true });
  if (process.getuid?.() === 0) {
    // sshd's own start script makes it; without systemd nobody does.
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  }
  await makeSshKey(path.join(dir, 'host_key'));
  await writeFile(path.join(dir, 'authorized_keys'), '');
  const config = path.join(dir, 'sshd_config');
  await writeFile(config, configuration(dir, options));
  return config;
}

/** Starts a real sshd on a free port of 127.0.0.1 with keys and configuration in `dir`, for the current user. */
export async function startSshServer(dir: string, options: SshServerOptions = {}): Promise<SshServer> {
  const sshd = findProgram('sshd');
  if (sshd === undefined) {
    throw new Error('sshd is not there: install the package openssh-server');
  }
  const config = await prepare(dir, options);
  const children = new Set<ChildProcess>();
  let log = '';
  let silent = false;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    if (silent) {
      return;
    }
    const child = serveConnection(sshd, config, socket, (text) => {
      log += text;
    });
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      socket.end();
    });
  });
  const listening = await listenOnLoopback(server);
  const addKey = async (name: string, restrictions = '') => {
    const key = await makeSshKey(path.join(dir, name));
    const line = `${restrictions} ${await readFile(`${key}.pub`, 'utf8')}`.trimStart();
    await appendFile(path.join(dir, 'authorized_keys'), line);
    return key;
  };
  const hostKey = (await readFile(path.join(dir, 'host_key.pub'), 'utf8')).trim();
  const knownHosts = `[127.0.0.1]:${listening.port} ${hostKey}\n`;
  const knownHostsPath = path.join(dir, 'known_hosts');
  await writeFile(knownHostsPath, knownHosts);
  const { username } = os.userInfo();
  const down = async () => {
    const ended = [...children].map(async (child) => new Promise((resolve) => child.once('exit', resolve)));
    await listening.down();
    await Promise.all(ended);
  };
  return {
    port: listening.port,
    user: username,
    keyPath: await addKey('user_key'),
    knownHosts,
    knownHostsPath,
    repositoryUrl: (file) => `ssh://${username}@127.0.0.1:${listening.port}${file}`,
    addKey,
    connections: () => connections,
    sessions: () => log.split('Starting session: ').length - 1,
    log: () => log,
    setSilent(value) {
      silent = value;
    },
    down,
    up: async () => listening.up(),
    stop: down,
  };
}
