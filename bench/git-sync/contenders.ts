/** Who is measured: this project, two shell loops, and any program that takes git-sync's flags. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Task {
  readonly repo: string;
  readonly root: string;
  readonly depth: number;
}

/** Proves who asks an SSH server, and which server it is. */
export interface SshFiles {
  readonly keyPath: string;
  readonly knownHostsPath: string;
}

export interface Contender {
  readonly name: string;
  /** What it needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Syncs once and ends. */
  once(task: Task): readonly string[];
  /** Polls until it is told to end. `port` is free for an HTTP endpoint. */
  forever(task: Task, periodMs: number, port: number): readonly string[];
  /** How many polls without change were made by now, if that is known while it runs. */
  polls(task: Task, port: number): Promise<number | undefined>;
}

const REF = 'main';

async function noopsFromMetrics(port: number): Promise<number | undefined> {
  try {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const count = /^git_sync_count_total\{status="noop"\} (\d+)/m.exec(text)?.[1];
    return count === undefined ? 0 : Number(count);
  } catch {
    return undefined;
  }
}

function withGitSyncFlags(name: string, command: readonly string[], ssh: SshFiles): Contender {
  const flags = (task: Task) => [
    ...command,
    `--repo=${task.repo}`,
    `--ref=${REF}`,
    `--root=${task.root}`,
    '--link=link',
    `--depth=${task.depth}`,
    '--max-failures=-1',
    '--sync-timeout=10m',
    `--ssh-key-file=${ssh.keyPath}`,
    `--ssh-known-hosts-file=${ssh.knownHostsPath}`,
  ];
  return {
    name,
    env: {},
    once: (task) => [...flags(task), '--one-time'],
    forever(task, periodMs, port) {
      return [...flags(task), `--period=${periodMs}ms`, `--http-bind=127.0.0.1:${port}`, '--http-metrics'];
    },
    polls: (_task, port) => noopsFromMetrics(port),
  };
}

function script(name: string, file: string, ssh: SshFiles): Contender {
  const path = resolve('bench/git-sync', file);
  const hostKey = `-o StrictHostKeyChecking=yes -o UserKnownHostsFile=${ssh.knownHostsPath}`;
  return {
    name,
    env: { GIT_SSH_COMMAND: `ssh -i ${ssh.keyPath} ${hostKey}` },
    once: ({ repo, root, depth }) => [path, repo, REF, root, String(depth), 'once'],
    forever: ({ repo, root, depth }, periodMs) => [
      path,
      repo,
      REF,
      root,
      String(depth),
      String(periodMs / 1000),
    ],
    polls({ root }) {
      const counted = join(root, 'polls');
      return Promise.resolve(existsSync(counted) ? Number(readFileSync(counted, 'utf8')) : undefined);
    },
  };
}

/** The project first, then those it is compared with. */
export function contenders(peers: readonly string[], ssh: SshFiles, withLoops: boolean): Contender[] {
  const own = withGitSyncFlags('pillion', [process.execPath, resolve('bin/pillion'), 'git-sync'], ssh);
  return [
    own,
    ...(withLoops
      ? [
          script('shell loop', 'shell-loop.sh', ssh),
          script("git-sync's commands", 'git-sync-commands.sh', ssh),
        ]
      : []),
    ...peers.map((peer) => withGitSyncFlags(peer.split('/').at(-1) ?? peer, peer.split(' '), ssh)),
  ];
}
