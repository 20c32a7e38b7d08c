import type { LogOptions } from '../core/log/log.ts';
import type { Severity } from '../core/log/record.ts';
import { createLineWriter, type LineWriter } from '../core/log/write.ts';
import type { Channel } from '../scheduler/runs/command-output.ts';
import type { RunValues } from './cli/options.ts';

const QUIET = -1;
const DEBUG = 1;

function verbosity(values: RunValues): number {
  if (values.quiet || values.logLevel === 'warn') {
    return QUIET;
  }
  return Math.max(values.verbose, values.debug || values.logLevel === 'debug' ? DEBUG : 0);
}

/** JSON lines on standard error, or with `--split-logs` informational ones on standard output. */
export function logOptions(values: RunValues): Omit<LogOptions, 'secrets'> {
  return { verbosity: verbosity(values), ...(values.splitLogs ? { write: splitWriter() } : {}) };
}

function splitWriter(): LineWriter {
  const out = createLineWriter(1, { lostNotice });
  const error = createLineWriter(2, { lostNotice });
  const write = (line: string, severity?: Severity): void => (severity === 'info' ? out(line) : error(line));
  return Object.assign(write, {
    drained: async () => {
      await Promise.all([out.drained?.(), error.drained?.()]);
    },
    flush() {
      out.flush?.();
      error.flush?.();
    },
  });
}

function lostNotice(lost: number): string {
  return JSON.stringify({ level: 'warn', msg: 'log lines lost: the reader was too slow', lost });
}

/** Where the output of jobs goes with `--passthrough-logs`: each channel to ours, in whole lines. */
export interface Passthrough {
  line(channel: Channel, line: string): void;
  drained(): Promise<void>;
  /** Writes what waits, before the end of the process. */
  flush(): void;
}

export function passthroughOf(values: RunValues): Passthrough | undefined {
  if (!values.passthroughLogs) {
    return undefined;
  }
  const writers = { stdout: createLineWriter(1), stderr: createLineWriter(2) };
  return {
    line: (channel, line) => writers[channel](line),
    async drained() {
      await Promise.all([writers.stdout.drained?.(), writers.stderr.drained?.()]);
    },
    flush() {
      writers.stdout.flush?.();
      writers.stderr.flush?.();
    },
  };
}
