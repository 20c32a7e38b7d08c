/** Hooks as git-sync's own suite has them: they work in the tree, and each run leaves a line in a log outside of it. */
import { readFile } from 'node:fs/promises';
import { writeProgram } from '../safety/support.ts';
import type { Scene } from './scene.ts';

export interface HookProgram {
  readonly path: string;
  /** The hash that each run was told, in the order of the runs. */
  runs(): Promise<string[]>;
}

export interface HookBehaviour {
  /** Seconds it takes. Default 0. */
  readonly takes?: number;
  /** It goes on only when this file is there. */
  readonly gate?: string;
  /** It exits with 1 after it has done its work. */
  readonly fails?: boolean;
}

/** The environment of the tests that hooks must see. */
export const HOOK_ENVIRONMENT = { ENVKEY: 'envval' };

/** Writes what `file` says into `<name>` in its working directory, and its environment into `<name>-env`. */
export async function makeHook(
  scene: Scene,
  name: string,
  { takes = 0, gate = '/', fails = false }: HookBehaviour = {},
): Promise<HookProgram> {
  const log = scene.join(`${name}.log`);
  const path = await writeProgram(
    scene.join(`${name}.sh`),
    [
      `echo "$GITSYNC_HASH" >>'${log}'`,
      `sleep ${takes}`,
      `while ! test -e '${gate}'; do sleep 0.02; done`,
      `cat file >${name}`,
      `echo "ENVKEY=$ENVKEY" >${name}-env`,
      `exit ${fails ? 1 : 0}`,
    ].join('\n'),
  );
  return {
    path,
    async runs() {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.split('\n').slice(0, -1);
    },
  };
}
