/** Runs restic once: in its own environment, with a deadline of ours, both of its streams read line by line. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lineSplitter } from '../../../core/exec/lines.ts';
import { type RunOutcome, tryRun } from '../../../core/exec/run.ts';
import { withSignal } from '../../../core/scoped-signal.ts';
import type { UnknownReason } from '../../model.ts';
import { complaintOf, type Message, parseMessage } from './messages.ts';
import type { Patience } from './patience.ts';
import { type ResticEnd, reasonOf } from './reason.ts';

const MAX_LINE_BYTES = 1024 * 1024;
const MAX_COMPLAINTS = 50;
/** To remove its lock after SIGTERM. */
const GRACE_MS = 10_000;
/** A list of snapshots is one document. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

export interface ResticRunner {
  /** Where the repository is, without secrets: for messages. */
  readonly shownLocation: string;
  run(call: ResticCall): Promise<ResticResult>;
}

export interface ResticCall {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  /** More than every call has. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
  /** Ends it early when its requests fail and nothing comes of trying again. */
  readonly patience?: Patience | undefined;
  /** Gets the output as messages; what is no JSON is dropped. */
  readonly onMessage?: ((message: Message) => void) | undefined;
  /** Gets the output as bytes. */
  readonly onBytes?: ((chunk: Buffer) => void | Promise<void>) | undefined;
}

export interface ResticResult extends ResticEnd {
  /** Unless it was handed out meanwhile. */
  readonly stdout: string;
  /** Why it did not end with 0, if it did not. */
  readonly problem: UnknownReason | undefined;
}

export interface RunnerInit {
  readonly env: () => Readonly<Record<string, string>>;
  /** Options for every call: cacert, limits, extended options. */
  readonly args: readonly string[];
  readonly workDir: string;
  readonly shownLocation: string;
}

export function createRunner(init: RunnerInit): ResticRunner {
  const { shownLocation } = init;
  return {
    shownLocation,
    async run(call) {
      await mkdir(join(init.workDir, 'tmp'), { recursive: true, mode: 0o700 });
      const complaints: string[] = [];
      const { patience } = call;
      const errors = lineSplitter((line) => {
        complain(complaints, line);
        patience?.heard(line);
      }, MAX_LINE_BYTES);
      const messages = lineSplitter((line) => {
        const message = parseMessage(line);
        if (message !== undefined) {
          call.onMessage?.(message);
        }
      }, MAX_LINE_BYTES);
      const isStreamed = call.onMessage !== undefined || call.onBytes !== undefined;
      const start = (signal: AbortSignal) =>
        tryRun('restic', [...init.args, ...call.args], {
          env: { ...init.env(), ...call.env },
          cwd: init.workDir,
          signal: patience === undefined ? signal : AbortSignal.any([signal, patience.signal]),
          graceMs: GRACE_MS,
          maxOutputBytes: isStreamed ? 1 : MAX_DOCUMENT_BYTES,
          ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
          onOutput(stream, chunk) {
            if (stream === 'stderr') {
              errors.push(chunk);
              return undefined;
            }
            if (call.onMessage !== undefined) {
              messages.push(chunk);
            }
            return call.onBytes?.(chunk);
          },
        });
      const outcome = await withSignal(call.signal, {}, start);
      errors.end();
      messages.end();
      call.signal.throwIfAborted();
      const isOver = patience?.signal.aborted === true;
      return resultOf(isOver ? { ...outcome, timedOut: true } : outcome, complaints, shownLocation);
    },
  };
}

/** The first is the cause as a rule, and the last what it all came to. */
function complain(complaints: string[], line: string): void {
  const said = complaintOf(line);
  if (said !== undefined && said !== complaints.at(-1)) {
    if (complaints.length >= MAX_COMPLAINTS) {
      complaints.splice(MAX_COMPLAINTS / 2, 1);
    }
    complaints.push(said);
  }
}

function resultOf(outcome: RunOutcome, complaints: readonly string[], location: string): ResticResult {
  const { exitCode, timedOut, stdout, startFailure } = outcome;
  const end = { exitCode, timedOut, complaints, stdout };
  if (startFailure !== undefined) {
    const message = `restic cannot be started: it ${startFailure.problem}`;
    const hint = startFailure.hint ?? 'install restic 0.17 or newer; the image has one';
    return { ...end, problem: { kind: 'tool', message, hint } };
  }
  const isGood = exitCode === 0 && !timedOut;
  return { ...end, problem: isGood ? undefined : reasonOf(end, location) };
}
