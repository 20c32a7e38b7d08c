/** `--pre-publish`: commands that must succeed in a new tree before a link leads there. */
import type { Clock } from '../../../core/clock.ts';
import type { PillionError } from '../../../core/errors.ts';
import { type RunOutcome, tryRun } from '../../../core/exec/run.ts';
import type { Log } from '../../../core/log/log.ts';
import type { Git } from '../../../git/run.ts';
import type { HookCommand } from '../../options/commands.ts';
import type { Candidate, Gate } from '../gate.ts';
import { outcomeInWords } from '../hooks/exechook.ts';
import { showOutput } from '../hooks/shown-output.ts';
import { checkTree, type TreeShape } from '../repository/tree-check.ts';
import { changedPaths } from './changed-paths.ts';
import { GATE_ERRORS } from './errors.ts';
import { createRefusals } from './refusals.ts';

export interface PrePublishInit {
  readonly commands: readonly HookCommand[];
  /** For each, milliseconds. */
  readonly timeoutMs: number;
  readonly git: Git;
  readonly root: string;
  readonly shape: TreeShape;
  /** A private directory for the list of changed paths. */
  readonly place: string;
  readonly env: () => Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  /** What the commands print becomes log lines. */
  readonly showsOutput?: boolean;
  readonly onResult: (status: 'success' | 'error') => Promise<void>;
}

const MAX_OUTPUT_BYTES = 64 * 1024;
/** Of each stream, in the log and in an error. */
const SHOWN_CHARACTERS = 2000;

const shown = (text: string) => text.slice(-SHOWN_CHARACTERS).trimEnd();

function failureOf({ shown: line }: HookCommand, cwd: string, outcome: RunOutcome): string | undefined {
  if (outcome.exitCode === 0 && !outcome.timedOut) {
    return undefined;
  }
  const said = [outcome.stdout, outcome.stderr].map(shown).filter((text) => text !== '');
  return [`Run(${line}): ${outcomeInWords(line, cwd, outcome)}`, ...said].join(': ');
}

/** What is damaged would be replaced at the next pass, and damaged again. */
async function damageTo(
  { hash, path }: Candidate,
  { root, shape }: PrePublishInit,
): Promise<string | undefined> {
  const state = await checkTree(root, path, hash, shape);
  const found = { missing: 'gone', empty: 'empty', 'wrong-commit': 'damaged' } as const;
  return state === 'ok'
    ? undefined
    : `the tree is ${found[state]} after the commands, which must leave its .git and its files`;
}

/** A gate that runs the commands one after the other; the first that fails, or takes too long, refuses the commit. */
export function createPrePublishGate(init: PrePublishInit): Gate {
  const { commands, timeoutMs, clock, log, onResult } = init;
  const refusals = createRefusals<PillionError>(clock);

  async function runAll(candidate: Candidate, signal: AbortSignal): Promise<string | undefined> {
    const { hash, path: cwd, previous = '' } = candidate;
    const paths = await changedPaths(init, candidate, signal);
    const told = {
      GITSYNC_HASH: hash,
      GITSYNC_HASH_PREVIOUS: previous,
      GITSYNC_CHANGED_PATHS_FILE: paths,
    };
    for (const command of commands) {
      const { program, args, shown: line } = command;
      log.info('running pre-publish command', { hash, command: line });
      const env = { ...init.env(), ...told };
      const output = init.showsOutput ? showOutput(log, { hash }) : undefined;
      const options = { cwd, env, timeoutMs, signal, maxOutputBytes: MAX_OUTPUT_BYTES };
      const outcome = await tryRun(program, args, { ...options, onOutput: output?.push });
      output?.end();
      signal.throwIfAborted();
      const failure = failureOf(command, cwd, outcome);
      if (failure !== undefined) {
        return failure;
      }
      const [stdout, stderr] = [shown(outcome.stdout), shown(outcome.stderr)];
      log.info('pre-publish command succeeded', { hash, command: line, stdout, stderr });
    }
    return undefined;
  }

  return {
    isForNew: true,
    refusal: ({ hash }) => refusals.refusal(hash),
    hasRefused: () => refusals.holds(),
    async check(candidate, signal) {
      const { hash } = candidate;
      const why = (await runAll(candidate, signal)) ?? (await damageTo(candidate, init));
      await onResult(why === undefined ? 'success' : 'error');
      if (why === undefined) {
        refusals.forget();
        return;
      }
      throw refusals.refuse(hash, GATE_ERRORS.pre_publish_failed({ hash, why }));
    },
  };
}
