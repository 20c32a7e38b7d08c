import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { waitFor } from './wait-for.ts';

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** One letter as in ps: R, S, D, Z, T. */
  readonly state: string;
  readonly command: string;
}

/** Reads something of /proc that may vanish at any moment: then it is empty. */
function peek(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** One process as /proc tells it, or undefined when it is gone. */
export function processInfo(pid: number): ProcessInfo | undefined {
  const stat = peek(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name in parentheses may hold spaces and parentheses itself: the fields start after the last one.
  const end = stat.lastIndexOf(')');
  const [state, parent, group] = stat.slice(end + 2).split(' ');
  if (end < 0 || state === undefined) {
    return undefined;
  }
  const cmdline = peek(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    .replaceAll('\0', ' ')
    .trim();
  const name = stat.slice(stat.indexOf('(') + 1, end);
  return { pid, parent: Number(parent), group: Number(group), state, command: cmdline || `[${name}]` };
}

/** True while a process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const info = processInfo(pid);
  return info !== undefined && info.state !== 'Z' && info.state !== 'X';
}

/** All descendants of a process, zombies included, without itself. */
export function treeOf(pid: number): ProcessInfo[] {
  const all = pids()
    .map(processInfo)
    .filter((info) => info !== undefined);
  const found: ProcessInfo[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter((info) => parents.has(info.parent));
    found.push(...children);
    parents = new Set(children.map((info) => info.pid));
  }
  return found;
}

function openFiles(pid: number): string {
  const dir = `/proc/${pid}/fd`;
  const links = peek(() =>
    readdirSync(dir)
      .map((fd) => peek(() => readlinkSync(path.join(dir, fd))))
      .join('\n'),
  );
  return `${links}\n${peek(() => readlinkSync(`/proc/${pid}/cwd`))}`;
}

/**
 * Every process, this one excepted, that mentions `marker` in its command line, environment, working directory or open
 * files. The path of a test's temporary directory is a good marker: it also finds orphans that left their tree.
 */
export function processesWithMarker(marker: string): ProcessInfo[] {
  const hits = pids().filter((pid) => {
    if (pid === process.pid) {
      return false;
    }
    const texts = [
      () => readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
      () => readFileSync(`/proc/${pid}/environ`, 'utf8'),
      () => openFiles(pid),
    ];
    return texts.some((read) => peek(read).includes(marker));
  });
  return hits
    .map(processInfo)
    .filter((info) => info !== undefined)
    .filter((info) => info.state !== 'Z');
}

/** Waits until no process mentions `marker`; the failure lists those that do. Ending takes the kernel a moment. */
export async function expectNoProcess(marker: string, timeoutMs = 10_000): Promise<void> {
  await waitFor(
    () => {
      const left = processesWithMarker(marker);
      if (left.length > 0) {
        throw new Error(left.map((info) => `${info.pid} ${info.state} ${info.command}`).join('\n'));
      }
      return true;
    },
    { what: `the end of every process that mentions ${marker}`, timeoutMs, intervalMs: 50 },
  );
}
