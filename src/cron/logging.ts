import { createLog, type Log } from '../core/log/log.ts';
import type { Severity } from '../core/log/record.ts';
import type { Secrets } from '../core/log/secrets.ts';
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
export function createCronLog(values: RunValues, secrets: Secrets): Log {
  const base = { verbosity: verbosity(values), secrets };
  if (!values.splitLogs) {
    return createLog(base);
  }
  const out = createLineWriter(1);
  const error = createLineWriter(2);
  const write: LineWriter = Object.assign(
    (line: string, severity?: Severity) => (severity === 'info' ? out(line) : error(line)),
    {
      drained: async () => {
        await Promise.all([out.drained?.(), error.drained?.()]);
      },
      flush() {
        out.flush?.();
        error.flush?.();
      },
    },
  );
  return createLog({ ...base, write });
}

/** Where job output goes with `--passthrough-logs`: each channel to ours, in whole lines. */
export function passthroughOf(values: RunValues): ((channel: Channel, line: string) => void) | undefined {
  if (!values.passthroughLogs) {
    return undefined;
  }
  const writers = { stdout: createLineWriter(1), stderr: createLineWriter(2) };
  return (channel, line) => writers[channel](line);
}
