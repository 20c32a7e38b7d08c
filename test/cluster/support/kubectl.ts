import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { type ProgramResult, tryProgram } from '../../support/run-program.ts';
import { clusterFolder } from './environment.ts';

export type Input = string | Uint8Array;

/** What cluster_inside of cluster.sh does, without a shell: tests do this thousands of times. */
async function enter(folder: string): Promise<{ command: readonly string[]; env: NodeJS.ProcessEnv }> {
  const [pid, binaries] = await Promise.all(
    ['pid', 'binaries'].map(async (file) => (await readFile(join(folder, file), 'utf8')).trim()),
  );
  // The number may belong to somebody else by now: ours names the folder in its command line.
  const cmdline = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!cmdline.split('\0').includes(folder)) {
    throw new Error(`the cluster of ${folder} does not run`);
  }
  return {
    command: ['--target', String(pid), '--net', '--mount', '--pid', '--uts', '--'],
    env: {
      ...process.env,
      KUBECONFIG: join(folder, 'admin.kubeconfig'),
      KUBECACHEDIR: join(folder, 'kubectl-cache'),
      PATH: `${binaries}:${process.env['PATH'] ?? ''}`,
    },
  };
}

/** Runs a program in the cluster's network, whatever its exit code. */
export async function tryInside(args: readonly string[], input: Input = ''): Promise<ProgramResult> {
  const { command, env } = await enter(clusterFolder());
  return tryProgram('nsenter', [...command, ...args], { env, input });
}

/** Runs a program in the cluster's network; it must succeed. Returns its stdout without the line end. */
export async function inside(args: readonly string[], input: Input = ''): Promise<string> {
  const result = await tryInside(args, input);
  if (result.code !== 0) {
    const how = result.signal ?? `exit code ${result.code}`;
    throw new Error(`${args.join(' ')}: ${how}\n${result.stderr}${result.stdout}`);
  }
  return result.stdout.trimEnd();
}

export async function kubectl(args: readonly string[], input: Input = ''): Promise<string> {
  return inside(['kubectl', ...args], input);
}
