/** An engine in its work directory, for as long as a piece of work takes. */

import type { CommandContext } from '../core/command.ts';
import { avoidBestCompiler, collectEarly, keepHeapSmall } from '../core/process/lean.ts';
import type { ProcessOptions, Scope } from '../core/process/run-process.ts';
import { createEngine, type EngineValues } from './engines/create.ts';
import type { Engine } from './model.ts';
import type { ReachValues } from './options/backup.ts';
import { openWorkDir, type WorkDir } from './work-dir.ts';

export async function withEngine(
  values: EngineValues & Pick<ReachValues, 'workDir'>,
  name: string,
  { context, secrets, log, clock }: Scope,
  use: (engine: Engine, workDir: WorkDir) => Promise<number>,
): Promise<number> {
  avoidBestCompiler();
  keepHeapSmall();
  collectEarly();
  const workDir = await openWorkDir(values.workDir, context.env);
  try {
    const engine = await createEngine(values, {
      name,
      workDir: workDir.path,
      env: context.env,
      secret: (slot, value) => secrets.addRotating(`repository ${slot}`, value),
      warn: (message, fields) => log.warn(message, fields),
      now: () => clock.now(),
    });
    try {
      return await use(engine, workDir);
    } finally {
      await (workDir.isKept ? engine.tidy?.() : undefined);
    }
  } finally {
    await workDir.remove();
  }
}

const VERBOSITY = { warn: -1, info: 0, debug: 1 } as const;
/** For the log and the HTTP server after the grace. */
const AFTER_GRACE_MS = 500;

export function processOptionsOf(
  context: CommandContext,
  values: Pick<ReachValues, 'logLevel' | 'verbose' | 'grace'>,
  failureMessage: string,
): ProcessOptions {
  return {
    context,
    log: { verbosity: Math.max(VERBOSITY[values.logLevel], values.verbose) },
    graceMs: values.grace + AFTER_GRACE_MS,
    failureMessage,
  };
}
