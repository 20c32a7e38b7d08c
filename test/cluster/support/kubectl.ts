import { type ProgramResult, tryProgram } from '../../support/run-program.ts';
import { clusterScript } from './environment.ts';

export type Input = string | Uint8Array;

/** Runs a program in the cluster's network, whatever its exit code. */
export async function tryInside(args: readonly string[], input: Input = ''): Promise<ProgramResult> {
  return tryProgram(clusterScript('in'), args, { input });
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
