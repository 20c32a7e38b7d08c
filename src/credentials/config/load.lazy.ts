/**
 * Reads and checks a configuration. In a bundle of its own: YAML and schemas are needed once, and a sidecar that runs for
 * months need not hold them.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { systemErrorCode, usageError } from '../../core/errors.ts';
import type { BuildContext } from './build.ts';
import { credentialFromFlags } from './from-flags.ts';
import type { ConfigurationRequest, LoadedConfiguration } from './load.ts';
import { parseConfigFile } from './parse-file.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const PIPE_TIMEOUT_MS = 10_000;
const PIPE_POLL_MS = 20;

/** @throws PillionError `usage` */
export async function loadConfiguration(
  request: ConfigurationRequest,
  env: BuildContext['env'],
): Promise<LoadedConfiguration> {
  const context: BuildContext = { env, readFile: readSmallFile };
  return 'path' in request
    ? parseConfigFile(readConfig(request.path), request.path, context)
    : { settings: {}, entries: [credentialFromFlags(request, context)] };
}

function readConfig(path: string): string {
  try {
    return readSmallFile(path);
  } catch (error) {
    throw usageError(`cannot read ${path}: ${systemErrorCode(error) ?? 'it is too large'}`, 'check --config');
  }
}

/** A pipe that nobody writes to is empty; who writes has some seconds. Whoever waited in it would outlive its parent. */
function readSmallFile(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
  const end = performance.now() + PIPE_TIMEOUT_MS;
  try {
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += Math.max(count, 0)) {
      count = readReady(file, bytes, length);
      if (count < 0 && performance.now() > end) {
        throw new Error('the pipe was not closed in time');
      }
    }
    if (length === bytes.length) {
      throw new Error('too large');
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}

/** How many bytes came; below zero when a writer has none yet, after a moment. */
function readReady(file: number, bytes: Buffer, offset: number): number {
  try {
    return readSync(file, bytes, offset, bytes.length - offset, null);
  } catch (error) {
    if (systemErrorCode(error) !== 'EAGAIN') {
      throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_POLL_MS);
    return -1;
  }
}
