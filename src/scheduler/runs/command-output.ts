import { type LineSplitter, lineSplitter } from '../../core/exec/lines.ts';
import type { RunContext } from '../job-body.ts';

export type Channel = 'stdout' | 'stderr';
/** Whose output it is. */
export type OutputSource = Pick<RunContext, 'job' | 'run'>;

/** Longer lines are cut, as a whole line has to be held until its end. */
const MAX_LINE_BYTES = 64 * 1024;

/** Takes what commands print. */
export interface CommandOutput {
  /** Resolves when it can take more; until then the command waits at its full pipe. */
  drained(): Promise<void>;
  /** One line, without its line end. */
  line(source: OutputSource, channel: Channel, line: string, truncated: boolean): void;
  /** Names of the programs that the command left running and that were ended after it. */
  leftoversEnded(source: OutputSource, programs: readonly string[]): void;
  /** Once per attempt, when the limit is reached. */
  capped(source: OutputSource, maxBytes: number): void;
}

export interface SplitOutput {
  push(channel: Channel, chunk: Uint8Array): Promise<void>;
  end(): void;
  /** All that came, also what was dropped. */
  bytes(): number;
}

/** Cuts the output of an attempt into lines as it comes, up to `maxBytes` for both channels together. */
export function splitOutput(
  output: CommandOutput,
  source: OutputSource,
  maxBytes = Number.POSITIVE_INFINITY,
): SplitOutput {
  const splitterOf = (channel: Channel): LineSplitter =>
    lineSplitter((line, truncated) => output.line(source, channel, line, truncated), MAX_LINE_BYTES);
  const splitters: Record<Channel, LineSplitter> = {
    stdout: splitterOf('stdout'),
    stderr: splitterOf('stderr'),
  };
  let total = 0;
  return {
    async push(channel, chunk) {
      await output.drained();
      const room = Math.max(0, maxBytes - total);
      const before = total;
      total += chunk.length;
      splitters[channel].push(chunk.subarray(0, room));
      if (before <= maxBytes && total > maxBytes) {
        splitters.stdout.end();
        splitters.stderr.end();
        output.capped(source, maxBytes);
      }
    },
    end() {
      splitters.stdout.end();
      splitters.stderr.end();
    },
    bytes: () => total,
  };
}
