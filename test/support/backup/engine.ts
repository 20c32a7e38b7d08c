import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ResticSettings } from '../../../src/backup/engines/restic/access.ts';
import { createResticEngine } from '../../../src/backup/engines/restic/engine.ts';
import type { Engine } from '../../../src/backup/model.ts';
import { PASSWORD } from './program.ts';

export interface TestEngine {
  readonly engine: Engine;
  readonly workDir: string;
  /** What the engine has warned of. */
  readonly warnings: readonly string[];
}

/** An engine as the commands make it, for tests of the engine alone. */
export function resticEngine(
  scratch: string,
  program: string | undefined,
  settings: Partial<ResticSettings> & { readonly location: string },
  env: Readonly<Record<string, string>> = {},
  name = 'data',
): TestEngine {
  const workDir = path.join(scratch, 'work');
  mkdirSync(workDir, { recursive: true });
  const warnings: string[] = [];
  const folder = program === undefined ? '/nowhere' : path.dirname(program);
  const engine = createResticEngine(
    {
      shownLocation: settings.location,
      passwordFile: '',
      password: PASSWORD,
      cacert: '',
      limitUpload: 0,
      limitDownload: 0,
      options: [],
      sshKeyFiles: [],
      sshKnownHostsFile: '',
      callTimeoutMs: 20_000,
      retryLockMs: 1000,
      cacheLimitBytes: 1024 ** 3,
      ...settings,
    },
    {
      name,
      workDir,
      env: { PATH: `${folder}:/usr/bin:/bin`, ...env },
      secret: () => undefined,
      warn: (message) => void warnings.push(message),
      now: () => Date.now(),
    },
  );
  return { engine, workDir, warnings };
}
