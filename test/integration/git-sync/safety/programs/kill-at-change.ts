/**
 * Loaded into the program before its own code: ends it, as SIGKILL does, before its nth change to the file system
 * (KILL_AT), or in the middle of its nth written file when TORN is set. Changes count once the file ARMED_BY is there, if
 * one is named, and only those in the directory KILL_IN, if one is named. With SYNC the changes by calls that return at
 * once count as well.
 */
import fs, { existsSync, readlinkSync } from 'node:fs';
import promises from 'node:fs/promises';
import process from 'node:process';

const CHANGES = [
  'chmod',
  'copyFile',
  'cp',
  'mkdir',
  'mkdtemp',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'unlink',
  'utimes',
] as const;

type Call = (...args: unknown[]) => Promise<unknown>;

const at = Number(process.env['KILL_AT']);
const isTorn = process.env['TORN'] !== undefined;
const armedBy = process.env['ARMED_BY'];
const killIn = process.env['KILL_IN'];
let steps = 0;

/** A path by the descriptor of its directory as the path that it is. */
function plainPath(path: string): string {
  const [, descriptor, rest] = /^\/proc\/(?:self|\d+)\/(fd\/\d+)(.*)$/.exec(path) ?? [];
  return descriptor === undefined ? path : `${readlinkSync(`/proc/self/${descriptor}`)}${rest}`;
}

const isIn = (directory: string, path: string) => `${plainPath(path)}/`.startsWith(`${directory}/`);

/** Whether the call with these arguments is the one to die before. */
function isNext(args: readonly unknown[]): boolean {
  const paths = args.filter((arg) => typeof arg === 'string' || Buffer.isBuffer(arg)).map(String);
  const isArmed = armedBy === undefined || existsSync(armedBy);
  const counts = killIn === undefined || paths.some((path) => isIn(killIn, path));
  steps += isArmed && counts ? 1 : 0;
  return isArmed && counts && steps === at;
}

async function die(): Promise<void> {
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
}

const functions = promises as unknown as Record<string, Call>;

function replace(name: string, by: (real: Call, args: unknown[]) => Promise<unknown>): void {
  const real = functions[name];
  if (real !== undefined) {
    functions[name] = async (...args) => by(real, args);
  }
}

replace('writeFile', async (real, args) => {
  if (isNext(args.slice(0, 1))) {
    if (isTorn) {
      const [path, data, ...more] = args;
      await real(path, Buffer.from(String(data)).subarray(0, String(data).length / 2), ...more);
    }
    await die();
  }
  return real(...args);
});

for (const name of isTorn ? [] : CHANGES) {
  replace(name, async (real, args) => {
    if (isNext(args)) {
      await die();
    }
    return real(...args);
  });
}

for (const name of process.env['SYNC'] === undefined ? [] : CHANGES.map((change) => `${change}Sync`)) {
  const calls = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const real = calls[name];
  if (real !== undefined) {
    calls[name] = (...args) => {
      if (String(args[0]).includes('pillion-lock')) {
        return real(...args); // a lock that was being made is known as dead only after a while
      }
      if (isNext(args)) {
        process.kill(process.pid, 'SIGKILL');
        for (;;); // until the signal arrives
      }
      return real(...args);
    };
  }
}
