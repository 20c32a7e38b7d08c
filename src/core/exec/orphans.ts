import { readdir, readFile, stat } from 'node:fs/promises';
import { type Clock, systemClock } from '../clock.ts';
import { signalGroup } from './process-group.ts';

/** An environment variable that an owner gives to all its children, so that a successor can recognise them. */
export interface OrphanMarker {
  readonly name: string;
  readonly value: string;
}

export interface OrphanReport {
  /** Processes that were sent SIGKILL. */
  readonly killed: readonly number[];
  /** Processes that were still there when the wait ended (uninterruptible, or not ours to kill). */
  readonly remaining: readonly number[];
}

const MAX_WAIT_MS = 5000;
const POLL_MS = 20;
const PROCESS_DIRECTORY = /^[1-9]\d*$/;

interface Marked {
  readonly pid: number;
  readonly group: number;
}

/**
 * Ends what an earlier owner left behind when it was killed: processes of this user whose initial environment holds
 * exactly the marker. A process group is killed as a whole when its leader is gone or marked too; our own process and
 * group never. Call it before starting any marked child. Waits, bounded, until they are gone.
 */
export async function killOrphans(
  marker: OrphanMarker,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<OrphanReport> {
  const killed = new Set<number>();
  const end = clock.monotonic() + MAX_WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const found = await findMarked(marker);
    if (found.length === 0 || clock.monotonic() >= end) {
      return { killed: [...killed], remaining: found.map(({ pid }) => pid) };
    }
    for (const { pid } of found) {
      killed.add(pid);
    }
    await killAll(found);
    await clock.sleep(POLL_MS, signal);
  }
}

async function killAll(found: readonly Marked[]): Promise<void> {
  const marked = new Set(found.map(({ pid }) => pid));
  for (const { pid, group } of found) {
    const leaderIsOurs = marked.has(group) || !(await exists(group));
    if (!leaderIsOurs || !signalGroup(group, 'SIGKILL')) {
      signalProcess(pid);
    }
  }
}

function signalProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, or not ours: the next scan tells.
  }
}

/** Zombies do not count: they have no environment any more. */
async function findMarked(marker: OrphanMarker): Promise<Marked[]> {
  const names = await readdir('/proc').catch(() => []); // no /proc, no orphans to be found
  const ownGroup = await groupOf(process.pid);
  const found: Marked[] = [];
  for (const name of names) {
    const pid = PROCESS_DIRECTORY.test(name) ? Number(name) : 0;
    if (pid <= 1 || pid === process.pid || !(await isMarked(pid, marker))) {
      continue;
    }
    const group = await groupOf(pid);
    if (group !== undefined && group !== ownGroup) {
      found.push({ pid, group });
    }
  }
  return found;
}

async function isMarked(pid: number, marker: OrphanMarker): Promise<boolean> {
  try {
    const { uid } = await stat(`/proc/${pid}`);
    if (uid !== process.geteuid?.()) {
      return false;
    }
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
    return environment.split('\0').includes(`${marker.name}=${marker.value}`);
  } catch {
    return false; // ended meanwhile, or not ours to read
  }
}

/** The process group: the third field after the program's name, which may itself hold spaces and parentheses. */
async function groupOf(pid: number): Promise<number | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const group = Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[2]);
  return Number.isSafeInteger(group) && group > 0 ? group : undefined;
}

async function exists(pid: number): Promise<boolean> {
  return (await stat(`/proc/${pid}`).catch(() => undefined)) !== undefined;
}
