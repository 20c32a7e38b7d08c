import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../../scripts/packages.ts';

/** The programs in test/support/fakes; what each does stands at its head. */
export type FakeName =
  | 'git-slow'
  | 'git-hang'
  | 'git-record'
  | 'git-fail'
  | 'ssh-ignore-term'
  | 'hook-record'
  | 'hook-hang';

export interface FakeProgram {
  readonly path: string;
  /** Changes what it does from its next start on. */
  configure(settings: Readonly<Record<string, string | number>>): Promise<void>;
}

const FAKES = fileURLToPath(new URL('fakes', import.meta.url));

function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * Puts a fake into `dir`, under its own name or as `installAs`. Its settings come from a file next to it, not from
 * the environment: what is tested may well pass none on.
 */
export async function installFake(
  dir: string,
  name: FakeName,
  settings: Readonly<Record<string, string | number>> = {},
  installAs: string = name,
): Promise<FakeProgram> {
  const target = path.join(dir, installAs);
  const configure: FakeProgram['configure'] = async (values) => {
    // The real git by its full path: the fake may itself be named git and come first in PATH.
    const all: Record<string, string | number> = { GIT: findProgram('git') ?? 'git', ...values };
    const lines = Object.entries(all).map(([key, value]) => `${key}=${shellQuote(String(value))}\n`);
    await writeFile(`${target}.conf`, lines.join(''));
  };
  await mkdir(dir, { recursive: true });
  await copyFile(path.join(FAKES, name), target);
  await chmod(target, 0o755);
  await configure(settings);
  return { path: target, configure };
}
