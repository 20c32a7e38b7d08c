/** Where a configuration comes from, and what it comes to. */
import { isPillionError, usageError } from '../../core/errors.ts';
import type { RunHelper } from '../helper/run-helper.ts';
import type { CredentialFlags } from './from-flags.ts';
import type { ConfigFile } from './parse-file.ts';

/** A file, or one credential on the command line. */
export type ConfigurationRequest = { readonly path: string } | CredentialFlags;
export type LoadedConfiguration = ConfigFile;

/** What the helper process prints: JSON could not hold an error. */
export type ConfigurationReply =
  | { readonly loaded: LoadedConfiguration }
  | { readonly message: string; readonly hint: string | undefined };

export type LoadConfiguration = (request: ConfigurationRequest) => Promise<LoadedConfiguration>;

/** In a process of its own, which takes the memory for it along when it ends. */
export function loadInHelper(runHelper: RunHelper): LoadConfiguration {
  return async (request) => {
    const reply = (await runHelper(
      'configuration',
      request,
      new AbortController().signal,
    )) as ConfigurationReply;
    if ('loaded' in reply) {
      return reply.loaded;
    }
    throw usageError(reply.message, reply.hint);
  };
}

/** In this process, for commands that end soon. */
export function loadHere(env: Readonly<Record<string, string | undefined>>): LoadConfiguration {
  return async (request) => {
    const { loadConfiguration } = await import('./load.lazy.ts');
    return loadConfiguration(request, env);
  };
}

/** The same as a reply of the helper process. */
export async function replyWith(
  load: LoadConfiguration,
  request: ConfigurationRequest,
): Promise<ConfigurationReply> {
  try {
    return { loaded: await load(request) };
  } catch (error) {
    if (isPillionError(error)) {
      return { message: error.message, hint: error.hint };
    }
    throw error;
  }
}
