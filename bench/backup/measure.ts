/** Runs a program and says what it took. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Taken {
  readonly seconds: number;
  /** Largest resident memory of the program itself, without its children; MiB. */
  readonly peakMiB: number;
}

const LOOK_MS = 20;

export async function measure(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Taken> {
  const began = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let peakMiB = 0;
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, highWater(child.pid ?? 0));
  }, LOOK_MS);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}`);
  }
  return { seconds: (performance.now() - began) / 1000, peakMiB };
}

function highWater(pid: number): number {
  try {
    const match = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
