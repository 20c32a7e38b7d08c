import { type LineSplitter, lineSplitter } from '../../core/exec/lines.ts';

export type Channel = 'stdout' | 'stderr';

/** Longer lines are cut, as a whole line has to be held until its end. */
const MAX_LINE_BYTES = 64 * 1024;

export interface OutputSink {
  /** One line of a job's output, without its line end. */
  line(channel: Channel, line: string, truncated: boolean): void;
  /** Once, when the cap is reached. */
  capped(bytes: number): void;
}

export interface JobOutput {
  push(channel: Channel, chunk: Uint8Array): void;
  end(): void;
  /** All that came, also what was dropped. */
  bytes(): number;
}

/** Cuts a run's output into lines as it comes, up to `maxBytes` for both channels together. */
export function jobOutput(sink: OutputSink, maxBytes = Number.POSITIVE_INFINITY): JobOutput {
  const splitters: Record<Channel, LineSplitter> = {
    stdout: lineSplitter((line, truncated) => sink.line('stdout', line, truncated), MAX_LINE_BYTES),
    stderr: lineSplitter((line, truncated) => sink.line('stderr', line, truncated), MAX_LINE_BYTES),
  };
  let total = 0;
  return {
    push(channel, chunk) {
      const room = Math.max(0, maxBytes - total);
      const before = total;
      total += chunk.length;
      splitters[channel].push(chunk.subarray(0, room));
      if (before <= maxBytes && total > maxBytes) {
        splitters.stdout.end();
        splitters.stderr.end();
        sink.capped(maxBytes);
      }
    },
    end() {
      splitters.stdout.end();
      splitters.stderr.end();
    },
    bytes: () => total,
  };
}
