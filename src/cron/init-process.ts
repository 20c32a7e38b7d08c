import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { findProgram } from '../core/exec/which.ts';
import type { Log } from '../core/log/log.ts';

/** Set for the process that runs below an init program, so that it does not look for one again. */
const MARK = 'PILLION_UNDER_INIT';
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * PID 1 inherits every orphan of its container and must reap it; Node cannot. As PID 1 the scheduler therefore runs
 * below `tini`, when there is one, and passes signals and exit code on.
 * @returns the exit code of that process, or undefined when this process is to do the work itself
 */
export async function runBelowInit(
  env: Readonly<Record<string, string | undefined>>,
  noReap: boolean,
  log: Log,
): Promise<number | undefined> {
  if (process.pid !== 1 || env[MARK] !== undefined || noReap) {
    return undefined;
  }
  const tini = await findProgram('tini', env['PATH']);
  if (tini === undefined) {
    log.warn('running as PID 1 without an init program: orphans of jobs stay as zombies', {
      hint: 'put tini into the image, or set shareProcessNamespace',
    });
    return undefined;
  }
  const self = ['--', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const marked = { ...env, [MARK]: '1' };
  // Node 22.15 and later can become tini; before that it stays as a thin parent of it.
  const execve: unknown = Reflect.get(process, 'execve');
  if (typeof execve === 'function') {
    Reflect.apply(execve, process, [tini, ['tini', ...self], marked]);
  }
  const child = spawn(tini, ['-s', ...self], { stdio: 'inherit', env: marked });
  for (const signal of FORWARDED) {
    process.on(signal, () => child.kill(signal));
  }
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Zombies among our children: orphans that nobody reaps. */
export function countZombies(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurZombie(name)).length;
}

function isOurZombie(pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' && Number(parent) === process.pid;
  } catch {
    return false;
  }
}
