/** Finding a program by /proc: also in PID namespaces below ours, where its PID file holds another number. */
import { readdir, readFile } from 'node:fs/promises';
import { readForeignFile } from '../../core/foreign-files/read-file.ts';

/** The kernel keeps this much of a program's name. */
const COMM_LENGTH = 15;
const MAX_PID_FILE_BYTES = 64;

interface ProcessStatus {
  readonly name: string;
  /** In each PID namespace from ours down to its own. */
  readonly pids: readonly number[];
}

/** Pure: the two lines of /proc/PID/status that matter. */
function parseStatus(text: string): ProcessStatus | undefined {
  const field = (key: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${key}:\t`))
      ?.slice(key.length + 2);
  const name = field('Name');
  const pids = field('NSpid') ?? field('Pid');
  if (name === undefined || pids === undefined) {
    return undefined;
  }
  return { name, pids: pids.trim().split(/\s+/).map(Number) };
}

/** The number in a PID file; undefined for anything else. It lies where others can write. */
export async function readPidFile(path: string): Promise<number | undefined> {
  const found = await readForeignFile(path, MAX_PID_FILE_BYTES);
  const text = found.kind === 'file' ? found.bytes.toString('latin1').trim() : '';
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * Our PIDs of the running programs of that name; with `inner`, of those that have this PID in their own namespace. A PID
 * file may be old, or a lie: without the right name nothing is found, so that no other program gets the signal.
 */
export async function findProcesses(name: string, inner: number | undefined): Promise<number[]> {
  const comm = Buffer.from(name).subarray(0, COMM_LENGTH).toString();
  const entries = await readdir('/proc');
  const found: number[] = [];
  for (const entry of entries.filter((one) => /^\d+$/.test(one) && Number(one) !== process.pid)) {
    const text = await readFile(`/proc/${entry}/status`, 'utf8').catch(() => '');
    const status = parseStatus(text);
    if (status?.name === comm && (inner === undefined || status.pids.at(-1) === inner)) {
      found.push(Number(entry));
    }
  }
  return found;
}
