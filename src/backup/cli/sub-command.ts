/** What the sub-commands of `backup` have in common: their options, an engine, one piece of work. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { renderHelp } from '../../core/options/help.ts';
import type { Options, Values } from '../../core/options/option.ts';
import { printableLines } from '../../core/printable.ts';
import { runProcess, type Scope } from '../../core/process/run-process.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { Engine, Snapshot } from '../model.ts';
import type { ReachValues } from '../options/backup.ts';
import { readSettings, requireTarget } from '../settings.ts';
import { processOptionsOf, withEngine } from '../with-engine.ts';

export interface SubCommand<O extends Options> {
  /** `verify [flags]`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: O;
  /** How many words besides flags. */
  readonly words?: number;
  readonly failure: string;
  run(reach: Reach<O>): Promise<number>;
}

export interface Reach<O extends Options> {
  readonly values: Values<O>;
  readonly words: readonly string[];
  readonly volume: string;
  readonly name: string;
  readonly engine: Engine;
  readonly workDir: string;
  readonly scope: Scope;
  /** A line for whoever reads standard output; without secrets. */
  print(line: string): void;
}

export async function runSubCommand<O extends Options>(
  context: CommandContext,
  command: SubCommand<O>,
): Promise<ExitStatus> {
  const { values, positionals } = await readSettings(context, command.options);
  const reachValues = values as unknown as ReachValues;
  if (reachValues.help) {
    const { usage, summary, options } = command;
    context.stdout(renderHelp({ usage: `pillion backup ${usage}`, summary, options }));
    return 0;
  }
  const { words = 0 } = command;
  if (positionals.length < words) {
    throw usageError(`pillion backup ${command.usage}: something is missing`, 'see --help');
  }
  const target = await requireTarget(reachValues, positionals.slice(words));
  const options = processOptionsOf(context, reachValues, command.failure);
  return runProcess(options, (scope) =>
    withEngine(reachValues, target.name, scope, (engine, workDir) =>
      command.run({
        values,
        words: positionals.slice(0, words),
        ...target,
        engine,
        workDir: workDir.path,
        scope,
        print: (line) => context.stdout(`${printableLines(scope.secrets.redact(line))}\n`),
      }),
    ),
  );
}

/**
 * The snapshots there are, newest first.
 * @throws PillionError `repository_unknown`
 */
export async function snapshotsOf(engine: Engine, signal: AbortSignal): Promise<readonly Snapshot[]> {
  const state = await engine.state(signal);
  if (state.kind === 'UNKNOWN') {
    const { kind, message, hint } = state.reason;
    throw BACKUP_ERRORS.repository_unknown({
      message: `the repository cannot be asked (${kind}): ${message}`,
      hint,
    });
  }
  return state.kind === 'HAS' ? state.snapshots : [];
}

/**
 * The snapshot with an id or the beginning of one; the newest for ''.
 * @throws PillionError `snapshot_missing`, `repository_unknown`
 */
export async function chooseSnapshot(engine: Engine, wanted: string, signal: AbortSignal): Promise<Snapshot> {
  const found = (await snapshotsOf(engine, signal)).filter(({ id }) => id.startsWith(wanted));
  const [first, second] = found;
  if (first === undefined || (wanted !== '' && second !== undefined)) {
    const what = wanted === '' ? 'the volume' : `id ${wanted}`;
    throw BACKUP_ERRORS.snapshot_missing({
      message: `${first === undefined ? 'there is no snapshot' : 'there is more than one snapshot'} of ${what}`,
      hint: 'see `pillion backup snapshots`',
    });
  }
  return first;
}
