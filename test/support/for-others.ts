import { copyFile, cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { afterAll } from 'vitest';
import { PILLION } from './pillion.ts';
import { runProgram } from './run-program.ts';
import { makeTempDir, removeTempDir } from './temp.ts';

export interface ProgramsForOthers {
  readonly node: string;
  /** As far as it has been built. */
  readonly pillion: string;
  /** Where that Node is found first. */
  readonly PATH: string;
}

async function copyPrograms(dir: string): Promise<ProgramsForOthers> {
  const checkout = path.dirname(path.dirname(PILLION));
  const [bin, program] = [path.join(dir, 'bin'), path.join(dir, 'program')];
  await mkdir(bin);
  await mkdir(program);
  await copyFile(process.execPath, path.join(bin, 'node'));
  for (const part of ['bin', 'dist']) {
    await cp(path.join(checkout, part), path.join(program, part), { recursive: true, force: true }).catch(
      () => undefined,
    );
  }
  await runProgram('chmod', ['-R', 'a+rX', dir]);
  return {
    node: path.join(bin, 'node'),
    pillion: path.join(program, 'bin', 'pillion'),
    PATH: [bin, process.env['PATH'] ?? ''].join(path.delimiter),
  };
}

/**
 * Copies of this Node and of the built program that any user may run: the checkout, with the Node in its node_modules,
 * may lie where only its owner may enter. Made when a test of the file first asks, removed after the file.
 */
export function useProgramsForOthers(): () => Promise<ProgramsForOthers> {
  let dir: string | undefined;
  let programs: Promise<ProgramsForOthers> | undefined;
  afterAll(async () => {
    await programs?.catch(() => undefined);
    if (dir !== undefined) {
      await removeTempDir(dir);
    }
  });
  return () => {
    programs ??= makeTempDir('pillion-for-others-').then((made) => {
      dir = made;
      return copyPrograms(made);
    });
    return programs;
  };
}
