/** What is to run before the application starts: once for each restored snapshot and each version of the application. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log/log.ts';
import { describeEnd, runCommand } from '../commands/run-command.ts';
import { readMarker } from '../commit/marker.ts';
import { readRecord, withMadeOwnFolder, writeRecord } from '../commit/own-folder.ts';
import { BACKUP_ERRORS } from '../errors.ts';
import type { Marker } from '../model.ts';

export interface AfterSpec {
  readonly volume: string;
  readonly commands: readonly (readonly string[])[];
  /** Of the application. */
  readonly version: string;
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const RECORD = 'after.json';
/** Enough for every command of some versions, so that going back does not run them again. */
const MAX_RECORDED = 100;

/**
 * Runs what has not run yet, in order; each is recorded when it has succeeded.
 * @throws PillionError `command_failed`: the application must not start
 */
export async function runAfter(spec: AfterSpec, log: Log, clock: Clock, signal: AbortSignal): Promise<void> {
  const { volume, commands, version, timeoutMs, env } = spec;
  if (commands.length === 0) {
    return;
  }
  const marker = await readMarker(volume);
  const done = await readDone(volume);
  for (const argv of commands) {
    const key = keyOf(marker, version, argv);
    if (done.some((entry) => entry.key === key)) {
      continue;
    }
    const program = argv[0] ?? '';
    const began = clock.monotonic();
    const end = await runCommand(
      {
        argv,
        cwd: volume,
        timeoutMs,
        env,
        extra: { PILLION_VOLUME: volume, PILLION_ORIGIN: marker?.origin ?? '' },
      },
      signal,
    );
    if (end.kind !== 'ok') {
      const hint =
        'the application must not start before it has succeeded; it is tried again at the next start';
      throw BACKUP_ERRORS.command_failed({ message: describeEnd(`--after ${program}`, end), hint });
    }
    log.info('ran an --after command', {
      command: program,
      seconds: Math.round(clock.monotonic() - began) / 1000,
    });
    done.push({ key, at: clock.now() });
    await withMadeOwnFolder(volume, (folder) =>
      writeRecord(folder, RECORD, { done: done.slice(-MAX_RECORDED) }),
    );
  }
}

interface Done {
  readonly key: string;
  readonly at: number;
}

/** Another snapshot on the volume, another version or another command is another occasion. */
function keyOf(marker: Marker | undefined, version: string, argv: readonly string[]): string {
  const occasion = [marker?.origin, marker?.since, marker?.snapshot?.id, version, argv];
  return createHash('sha256').update(JSON.stringify(occasion)).digest('hex').slice(0, 32);
}

async function readDone(volume: string): Promise<Done[]> {
  return withMadeOwnFolder(volume, async (folder) => (await readRecord(folder, RECORD, parseDone)) ?? []);
}

function parseDone(value: unknown): Done[] {
  const list = typeof value === 'object' && value !== null && 'done' in value ? value.done : undefined;
  if (!Array.isArray(list)) {
    throw new TypeError('it has no list of what is done');
  }
  return list.filter((item): item is Done => typeof item?.key === 'string' && typeof item?.at === 'number');
}
