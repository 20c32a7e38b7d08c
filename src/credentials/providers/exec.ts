import { lastLine } from '../../core/exec/display.ts';
import type { RunOutcome } from '../../core/exec/outcome.ts';
import { tryRun } from '../../core/exec/run.ts';
import type { Answer, Source } from '../model.ts';
import { parseAnswerObject } from './answer.ts';
import { SOURCE_ERRORS } from './errors.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface ExecSourceSpec {
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly lifetimeMs: number | undefined;
  readonly user: string;
}

const MAX_BYTES = 1024 * 1024;
const LONGEST_SAID = 300;

/** A program that prints `{"username", "password" or "token", "expiresAt" or "expiresIn"}` on stdout. */
export function execSource(spec: ExecSourceSpec, context: SourceContext): Source {
  const [program = '', ...args] = spec.command;
  const source = `the program ${program}`;
  return {
    async ask(signal): Promise<Answer> {
      const askedAt = context.now();
      const env = definedOnly({ ...context.env, ...spec.env });
      const outcome = await tryRun(program, args, { env, signal, maxOutputBytes: MAX_BYTES });
      if (outcome.exitCode !== 0 || outcome.aborted) {
        signal.throwIfAborted();
        throw SOURCE_ERRORS.source_failed({ source, why: howItEnded(outcome), advice: adviceFor(outcome) });
      }
      if (outcome.stdoutTruncated) {
        const why = `it printed more than ${MAX_BYTES} bytes`;
        throw SOURCE_ERRORS.source_answer_invalid({ source, why });
      }
      const raw = parseAnswerObject(outcome.stdout, source);
      const { user, lifetimeMs } = spec;
      return completeAnswer({ source, raw, user, askedAt, now: context.now(), lifetimeMs });
    },
  };
}

export function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}

/** Of stdout nothing is shown: it may be the token. */
function howItEnded({ exitCode, signal, spawnError, stderr }: RunOutcome): string {
  if (spawnError !== undefined) {
    return `it cannot be started (${spawnError})`;
  }
  const end = signal === undefined ? `exit code ${exitCode ?? 'unknown'}` : `ended by ${signal}`;
  const said = lastLine(stderr).slice(0, LONGEST_SAID);
  return said === '' ? end : `${end}: ${said}`;
}

function adviceFor({ spawnError }: RunOutcome): string {
  if (spawnError === 'ENOENT') {
    return 'give the full path of a program that is in this container';
  }
  return spawnError === 'EACCES'
    ? 'make it executable for the user this runs as'
    : 'run it by hand with the same user and environment; the last good credential stays';
}
