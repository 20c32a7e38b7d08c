/** `--hook-output`: what a hook's program prints becomes log lines as it comes. Its bytes are not trusted. */
import { lineSplitter } from '../../../core/exec/lines.ts';
import type { OutputStream } from '../../../core/exec/outcome.ts';
import { paced } from '../../../core/exec/paced.ts';
import type { Log } from '../../../core/log/log.ts';

/** Of one run, over both streams. */
const MAX_BYTES = 64 * 1024;
const MAX_LINES = 1000;
/** What a longer line goes on with is left out. */
const MAX_LINE_BYTES = 4096;

export interface ShownOutput {
  /** For `onOutput` of a run. */
  readonly push: (stream: OutputStream, chunk: Buffer) => Promise<void> | undefined;
  /** Tells the last lines, which may have no end, and how much was left out. */
  end(): void;
}

/**
 * Logs the lines of one run, empty ones left out, each with its stream and the given fields; after the first 64 KiB or 1000
 * lines only the count of what is left out. The log itself escapes control characters and cuts out secrets.
 */
export function showOutput(log: Log, fields: Readonly<Record<string, unknown>>): ShownOutput {
  let bytes = 0;
  let lines = 0;
  let leftOut = 0;
  const splitterFor = (stream: OutputStream) =>
    lineSplitter((line, isCut) => {
      if (line !== '' && lines < MAX_LINES) {
        lines += 1;
        log.info('hook output', { ...fields, stream, line, ...(isCut ? { cut: true } : {}) });
      } else {
        leftOut += Buffer.byteLength(line);
      }
    }, MAX_LINE_BYTES);
  const splitters = { stdout: splitterFor('stdout'), stderr: splitterFor('stderr') };
  return {
    push(stream, chunk) {
      const room = lines < MAX_LINES ? Math.max(0, MAX_BYTES - bytes) : 0;
      bytes += chunk.length;
      leftOut += Math.max(0, chunk.length - room);
      return room === 0
        ? undefined
        : paced(chunk.subarray(0, room), (slice) => splitters[stream].push(slice));
    },
    end() {
      splitters.stdout.end();
      splitters.stderr.end();
      if (leftOut > 0) {
        log.info('more hook output is left out', { ...fields, bytes: leftOut });
      }
    },
  };
}
