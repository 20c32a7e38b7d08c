import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { git } from '../../test/support/git.ts';
import { createRepository } from '../../test/support/git-repository.ts';
import { type HttpGitServer, startHttpGitServer } from '../../test/support/http-git-server.ts';
import { listenOnLoopback } from '../../test/support/listen.ts';
import { type RunningPillion, startPillion } from '../../test/support/pillion.ts';
import { processesWithMarker, treeOf } from '../../test/support/processes.ts';
import { makeTempDir, removeTempDir } from '../../test/support/temp.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { type Application, startApplication } from './application.ts';

/** Everything that plays a part: a git server, an editor's clone, the application, and the sidecar next to it. */
export interface Stage {
  readonly dir: string;
  readonly server: HttpGitServer;
  readonly application: Application;
  /** Clone of an editor who pushes templates. */
  readonly editor: string;
  readonly repositoryUrl: string;
  readonly sidecarUrl: string;
  /** What the user would type. */
  readonly sidecarCommand: readonly string[];
  /** What is added to it for syncs that a webhook starts. */
  readonly webhookFlags: readonly string[];
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  sidecar: RunningPillion | undefined;
  /** Aborted when nobody wants to see more, and when the sidecar ends by itself. */
  readonly signal: AbortSignal;
  readonly crash: AbortController;
}

const PERIOD = '500ms';
/** How long an ending process may take on a machine that is busy with other things. */
const GRACE_MS = 30_000;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

async function freePort(): Promise<number> {
  const listening = await listenOnLoopback(createServer());
  await listening.down();
  return listening.port;
}

/** Commits files in the editor's clone and pushes them over HTTP; gives the hash when the server has taken them. */
export async function push(
  stage: Stage,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(stage.editor, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await git(stage.editor, 'add', '--all');
  await git(stage.editor, 'commit', '--quiet', '--message', `change ${Object.keys(files).join(', ')}`);
  await git(stage.editor, 'push', '--quiet', 'origin', 'HEAD:main');
  return git(stage.editor, 'rev-parse', 'HEAD');
}

/** Starts the sidecar with git-sync's own flags, and more. */
export async function startSidecar(stage: Stage, flags: readonly string[] = []): Promise<RunningPillion> {
  const command = [...stage.sidecarCommand, ...flags];
  // In a group of its own: Ctrl-C is for the demo, which then ends the others in order.
  const sidecar = await startPillion(command, { cwd: stage.dir, detached: true });
  stage.sidecar = sidecar;
  void sidecar.exit.then(({ code, signal }) => {
    if (stage.sidecar === sidecar) {
      stage.crash.abort(new Error(`the sidecar ended by itself (${signal ?? `exit code ${code}`})`));
    }
  });
  return sidecar;
}

/** Ends the sidecar as Kubernetes does. */
export async function stopSidecar(stage: Stage): Promise<void> {
  const { sidecar } = stage;
  stage.sidecar = undefined;
  await sidecar?.stop();
}

/** Kills the sidecar with all its processes, as the kernel does when a container is killed: nobody can clean up. */
export async function killSidecar(stage: Stage): Promise<void> {
  const { sidecar } = stage;
  if (sidecar) {
    const children = treeOf(sidecar.pid);
    stage.sidecar = undefined;
    sidecar.signal('SIGKILL');
    for (const child of children) {
      kill(child.pid);
    }
    await sidecar.exit;
    await sidecar.stop();
  }
}

/** Prepares the stage in a new directory; the sidecar is not started yet, and the git server is down. */
export async function setStage(dir: string, signal: AbortSignal): Promise<Stage> {
  const repository = await createRepository(path.join(dir, 'server/templates.git'));
  await repository.commit({ 'folder1/foo.md': '# Hello from {{place}}\n\nThis is the *first* version.\n' });
  const editor = path.join(dir, 'editor');
  await git(dir, 'clone', '--quiet', repository.path, editor);
  const server = await startHttpGitServer({ root: path.join(dir, 'server') });
  const repositoryUrl = server.repositoryUrl('templates.git');
  await git(editor, 'remote', 'set-url', 'origin', repositoryUrl);
  await server.down();
  const sidecarPort = await freePort();
  const webhookAddress = `127.0.0.1:${await freePort()}`;
  const webhookSecret = randomBytes(32).toString('hex');
  const secretFile = path.join(dir, 'webhook-secret');
  await writeFile(secretFile, `${webhookSecret}\n`, { mode: 0o600 });
  const crash = new AbortController();
  const volume = path.join(dir, 'volume');
  await mkdir(volume);
  try {
    const application = await startApplication(path.join(volume, 'templates'), signal);
    return {
      dir,
      server,
      application,
      editor,
      repositoryUrl,
      sidecarUrl: `http://127.0.0.1:${sidecarPort}`,
      sidecarCommand: [
        'git-sync',
        `--repo=${repositoryUrl}`,
        '--ref=main',
        `--root=${volume}`,
        '--link=templates',
        `--period=${PERIOD}`,
        '--max-failures=-1',
        `--http-bind=127.0.0.1:${sidecarPort}`,
      ],
      webhookFlags: ['--period=0', `--trigger-bind=${webhookAddress}`, `--trigger-secret-file=${secretFile}`],
      webhookUrl: `http://${webhookAddress}/`,
      webhookSecret,
      sidecar: undefined,
      signal: AbortSignal.any([signal, crash.signal]),
      crash,
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Ends all processes of the stage, in any state it may be in. */
export async function clearStage(stage: Stage): Promise<void> {
  await Promise.allSettled([stage.sidecar?.stop(), stage.application.stop(), stage.server.stop()]);
}

/** Waits for the end of every process that mentions `dir`, ends those that stay, and returns their command lines. */
async function endProcessesOf(dir: string): Promise<string[]> {
  const ended = async (timeoutMs: number) =>
    waitFor(() => processesWithMarker(dir).length === 0, { what: 'the end of all processes', timeoutMs });
  await ended(GRACE_MS).catch(() => undefined);
  const left = processesWithMarker(dir);
  for (const info of left) {
    kill(info.pid);
  }
  // Who is killed still runs for a moment, and may write into a directory that is being removed.
  await ended(GRACE_MS);
  return left.map((info) => info.command);
}

/**
 * Runs `body` with a directory of its own, which is also TMPDIR of everything started in it, and removes it afterwards,
 * also when `body` fails. Returns the command lines of processes that were left; they are ended.
 */
export async function leavingNothingBehind(body: (dir: string) => Promise<void>): Promise<string[]> {
  const dir = await makeTempDir('pillion-demo-');
  process.env['TMPDIR'] = dir;
  let left: string[] = [];
  try {
    await body(dir);
  } finally {
    left = await endProcessesOf(dir);
    await removeTempDir(dir);
  }
  return left;
}
