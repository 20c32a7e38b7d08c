/** Mounts for as long as a test uses them, which takes root. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

export interface Mount {
  /** Arguments of mount(8) before the target. */
  readonly args: readonly string[];
  /** A directory, made where it is missing; its name need not be UTF-8. */
  readonly target: string | Buffer;
}

export const tmpfsAt = (target: Mount['target']): Mount => ({ args: ['-t', 'tmpfs', 'tmpfs'], target });
/** Of the same file system, so that the device says nothing. */
export const bindAt = (source: string, target: Mount['target']): Mount => ({
  args: ['--bind', source],
  target,
});

/** Whether this user may mount; in most containers root may not. */
export const canMount = (): boolean => process.getuid?.() === 0 && mountsHere();
export const NO_MOUNTS = 'nothing can be mounted here: it takes root, and leave to do so';

let isAllowed: boolean | undefined;
function mountsHere(): boolean {
  const probe = path.join('/tmp', `pillion-mount-${process.pid}`);
  if (isAllowed === undefined) {
    mkdirSync(probe, { recursive: true });
    isAllowed = mount({ args: ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs'], target: probe }) === '';
    if (isAllowed) {
      unmount(probe);
    }
    rmSync(probe, { recursive: true, force: true });
  }
  return isAllowed;
}

/** With the target as $p, by a shell: the arguments of a program that Node starts are UTF-8. */
function inShell(command: string, target: Mount['target'], args: readonly string[] = []) {
  const octal = Array.from(Buffer.from(target), (byte) => `\\0${byte.toString(8)}`).join('');
  const script = `p="$(printf %b "$1"; echo .)"; p="\${p%.}"; shift; ${command}`;
  return spawnSync('sh', ['-c', script, 'sh', octal, ...args], { encoding: 'utf8' });
}

/** Empty when it is mounted, otherwise why not. */
export function mount({ args, target }: Mount): string {
  mkdirSync(target, { recursive: true });
  const { status, stderr } = inShell('mount "$@" "$p"', target, args);
  return status === 0 ? '' : stderr || 'mount(8) failed';
}

/** At once, also while something is open in it. */
export function unmount(target: Mount['target']): void {
  inShell('umount -l "$p"', target);
}

/** Whatever becomes of the work, nothing stays mounted that the removal of the test's directory would meet. */
export async function withMounts(mounts: readonly Mount[], work: () => Promise<void>): Promise<void> {
  const done: Mount['target'][] = [];
  try {
    for (const each of mounts) {
      const problem = mount(each);
      if (problem !== '') {
        throw new Error(`mount ${each.args.join(' ')} ${String(each.target)}: ${problem}`);
      }
      done.push(each.target);
    }
    await work();
  } finally {
    done.toReversed().forEach(unmount);
  }
}
