/** A session of AWS, which the SDK finds in a process of its own: it is large, and this one stays. */
import { realpath } from 'node:fs/promises';
import type { AwsKeys } from '../../../core/cloud/aws-signature.ts';
import { tryRun } from '../../../core/exec/run.ts';
import type { SourceInit } from '../sources/source.ts';
import { jsonFields } from '../token-answer.ts';
import { failure } from './ask-cloud.ts';

export interface AwsSession extends AwsKeys {
  /** Milliseconds since the epoch; undefined for keys without an end. */
  readonly expiresAt: number | undefined;
}

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 256 * 1024;
/** Keys without an end are looked for again after this, since they are replaced, too. */
const LOOKED_AT_AGAIN_MS = 15 * 60_000;

/** Runs this very program again, by its own name: it may have been started as git-sync. */
export async function askAwsSession(
  region: string,
  init: SourceInit,
  signal: AbortSignal,
): Promise<AwsSession> {
  const script = await realpath(process.argv[1] ?? '');
  const { env, programEnv } = init;
  const known = Object.entries(programEnv ?? env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const outcome = await tryRun(
    process.execPath,
    [...process.execArgv, script, 'credentials', 'helper', 'aws-session'],
    {
      env: Object.fromEntries(known),
      stdin: JSON.stringify({ profile: '', region }),
      maxOutputBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal,
    },
  );
  signal.throwIfAborted();
  return readSession(outcome.exitCode === 0 && !outcome.timedOut ? outcome.stdout : '', init.now());
}

/** @throws `identity_failed` with what AWS or its SDK said */
export function readSession(text: string, now: number): AwsSession {
  const fields = jsonFields(text);
  const value = (name: string) => {
    const found = fields?.get(name);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const [accessKeyId, secretAccessKey] = [value('accessKeyId'), value('secretAccessKey')];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const why = value('message') ?? 'the helper process gave no answer in time';
    const hint = value('advice') ?? 'allow the container 60 MiB more memory for a moment, and more processes';
    throw failure('aws', why, hint);
  }
  const end = fields?.get('expiresAt');
  const expiresAt = typeof end === 'number' ? end : now + LOOKED_AT_AGAIN_MS;
  if (expiresAt <= now) {
    throw failure('aws', 'the session has ended already', 'check the clock of this machine');
  }
  return { accessKeyId, secretAccessKey, sessionToken: value('sessionToken'), expiresAt };
}
