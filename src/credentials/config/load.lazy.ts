/**
 * Reads and checks a configuration. In a bundle of its own: YAML and schemas are needed once, and a sidecar that runs for
 * months need not hold them.
 */
import { readFileSync } from 'node:fs';
import { systemErrorCode, usageError } from '../../core/errors.ts';
import type { BuildContext } from './build.ts';
import { credentialFromFlags } from './from-flags.ts';
import type { ConfigurationRequest, LoadedConfiguration } from './load.ts';
import { parseConfigFile } from './parse-file.ts';

const MAX_FILE_BYTES = 1024 * 1024;

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

function readSmallFile(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (text.length > MAX_FILE_BYTES) {
    throw new Error('too large');
  }
  return text;
}
