/** Runs a program and says what it took. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Taken {
  readonly seconds: number;
  /** Of the program and all that it has started and waited for: tells more than wall time on a machine that does much else. */
  readonly cpuSeconds: number;
  /** Largest resident memory of the program itself, without its children; MiB. */
  readonly peakMiB: number;
}

const SAMPLE_MS = 20;

export async function measure(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Taken> {
  const began = performance.now();
  const cpuBefore = cpuOfChildren();
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let peakMiB = 0;
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, highWater(child.pid ?? 0));
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}`);
  }
  const seconds = (performance.now() - began) / 1000;
  return { seconds, cpuSeconds: cpuOfChildren() - cpuBefore, peakMiB };
}

/** Ticks are hundredths of a second on every Linux. */
const TICKS = 100;

/** Of all children that have ended: fields 16 and 17 of proc_pid_stat(5), counted after the name in parentheses. */
function cpuOfChildren(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

function highWater(pid: number): number {
  try {
    const match = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
