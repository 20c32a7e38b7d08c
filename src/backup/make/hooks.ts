/** What runs around a backup. */
import type { Log } from '../../core/log/log.ts';
import { describeEnd, runCommand } from '../commands/run-command.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { Signals } from './make-backup.ts';

export interface HookSpec {
  readonly pre: readonly (readonly string[])[];
  readonly post: readonly (readonly string[])[];
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs the pre hooks, the work, and then all post hooks, whatever happened: each of them once, with one outcome. A post
 * hook that fails makes the whole a failure, since what it should have undone was not.
 */
export async function withHooks<T>(
  spec: HookSpec,
  volume: string,
  log: Log,
  { signal, deadline }: Signals,
  work: () => Promise<T>,
): Promise<T> {
  let end: { readonly value: T } | { readonly error: unknown };
  try {
    for (const argv of spec.pre) {
      await runHook('pre', argv, spec, volume, {}, signal);
    }
    end = { value: await work() };
  } catch (error) {
    end = { error };
  }
  const isSuccess = 'value' in end;
  const outcome = { PILLION_BACKUP_RESULT: isSuccess ? 'success' : 'failure' };
  for (const argv of spec.post) {
    try {
      await runHook('post', argv, spec, volume, outcome, deadline);
    } catch (error) {
      if ('value' in end) {
        end = { error };
      } else {
        log.error('a post hook has failed, too', error);
      }
    }
  }
  if ('error' in end) {
    throw end.error;
  }
  return end.value;
}

async function runHook(
  kind: 'pre' | 'post',
  argv: readonly string[],
  { timeoutMs, env }: HookSpec,
  volume: string,
  outcome: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const extra = { PILLION_VOLUME: volume, ...outcome };
  const end = await runCommand({ argv, cwd: volume, timeoutMs, env, extra }, signal);
  if (end.kind !== 'ok') {
    const hint =
      kind === 'pre'
        ? 'nothing was stored'
        : 'see whether the application still is as the hook should have left it';
    throw BACKUP_ERRORS.command_failed({ message: describeEnd(`--${kind} ${argv[0] ?? ''}`, end), hint });
  }
}
