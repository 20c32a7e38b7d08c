import { readdirSync, readFileSync } from 'node:fs';
import { findProgram } from '../core/exec/which.ts';

/** Set for the process that runs below an init program, so that it does not look for one again. */
const MARK = 'PILLION_UNDER_INIT';

/**
 * PID 1 inherits every orphan of its container and must reap it; Node cannot. As PID 1 this process therefore becomes
 * `tini`, when there is one, which starts the scheduler again below itself.
 * @returns whether this is PID 1 and has to do without an init program
 */
export async function becomeInit(
  env: Readonly<Record<string, string | undefined>>,
  noReap: boolean,
): Promise<boolean> {
  if (process.pid !== 1 || env[MARK] !== undefined || noReap) {
    return false;
  }
  const tini = await findProgram('tini', env['PATH']);
  if (tini !== undefined) {
    const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    process.execve?.(tini, ['tini', '--', ...self], { ...env, [MARK]: '1' });
  }
  return true;
}

/** Zombies among our children: orphans that are not reaped. */
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
