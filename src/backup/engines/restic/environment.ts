/** The environment of restic: what it needs to reach its store, and nothing that would send it elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOfStore } from '../../store-variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What else Go, libc and restic itself read. */
const OF_PROGRAM =
  /^(?:SSL_CERT_|GODEBUG$|GOMAXPROCS$|GOGC$|GOMEMLIMIT$|PATH$|HOME$|TZ$|LANG$|LC_|USER$|LOGNAME$|NSS_WRAPPER_|LD_PRELOAD$|(?:https?|no|all)_proxy$|(?:HTTPS?|NO|ALL)_PROXY$)/;

const isPassed = (name: string): boolean => isOfStore(name) || OF_PROGRAM.test(name);

/** What would choose another repository, key, host or form of output than ours. */
const OURS =
  /^RESTIC_(?:REPOSITORY|REPOSITORY_FILE|PASSWORD|PASSWORD_FILE|PASSWORD_COMMAND|HOST|PROGRESS_FPS|CACHE_DIR|CACERT|FROM_.*)$/;

/** Variables whose values must not be printed. */
const SECRET = /SECRET|PASSWORD|TOKEN|ACCOUNT_KEY|APPLICATION_KEY|_SAS$/;

export interface ResticAccess {
  /** As restic takes it, user info included: in the environment, since everybody can read argv. */
  readonly location: string;
  readonly passwordFile: string;
  readonly password: string;
  readonly workDir: string;
}

export function resticEnvironment(env: Environment, access: ResticAccess): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isPassed(name) && !OURS.test(name)) {
      kept[name] = value;
    }
  }
  const { location, passwordFile, password, workDir } = access;
  const limit = memoryLimit(readCgroup());
  return {
    ...(limit === undefined ? {} : { GOMEMLIMIT: limit }),
    HOME: workDir,
    ...kept,
    RESTIC_REPOSITORY: location,
    ...(passwordFile === '' ? { RESTIC_PASSWORD: password } : { RESTIC_PASSWORD_FILE: passwordFile }),
    RESTIC_CACHE_DIR: cacheFolder(workDir),
    RESTIC_PROGRESS_FPS: '1',
    TMPDIR: join(workDir, 'tmp'),
  };
}

export const cacheFolder = (workDir: string): string => join(workDir, 'restic-cache');

/** Names and values of the stores' secrets, for redaction. */
export function secretsIn(env: Environment): readonly (readonly [name: string, value: string])[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value !== '' && isPassed(name) && SECRET.test(name) && !name.endsWith('_FILE')
      ? [[name, value] as const]
      : [],
  );
}

const CGROUP_LIMIT = '/sys/fs/cgroup/memory.max';
/** Of the container's memory: the rest is for this process, and for what Go does not count. */
const SHARE = 0.6;

/** Bytes that the container may take; undefined without a limit. */
export const memoryOfContainer = (): number | undefined => limitFrom(readCgroup());

function limitFrom(text: string | undefined): number | undefined {
  const bytes = Number(text?.trim());
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** What Go's collector aims at, for the text of cgroup's memory.max; undefined without a limit. */
export function memoryLimit(text: string | undefined): string | undefined {
  const bytes = limitFrom(text);
  return bytes === undefined ? undefined : String(Math.floor(bytes * SHARE));
}

function readCgroup(): string | undefined {
  try {
    return readFileSync(CGROUP_LIMIT, 'utf8');
  } catch {
    return undefined;
  }
}
