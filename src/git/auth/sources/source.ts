/** Where credentials for git come from. */
import type { Log } from '../../../core/log/log.ts';
import type { KnownCredential } from '../match.ts';

export interface CredentialSource {
  readonly name: string;
  /** The credentials that hold now; asked before each use of the remote. Rejects when it cannot tell them. */
  load(signal: AbortSignal): Promise<readonly KnownCredential[]>;
  /** A server has refused what was loaded: nothing of it is to be kept. */
  forget?(): void;
}

export type LoadStatus = 'success' | 'error';

/** `S` is what a source is configured with. */
export interface SourceInit<S = unknown> {
  readonly settings: S & { readonly repo: string };
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Proxies and certificate authorities of requests. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The environment of programs that are asked, without the secrets that are not theirs. Default: `env`. */
  readonly programEnv?: Readonly<Record<string, string>>;
  /** Called for each request to a server that a source makes. */
  readonly onRequest: (source: string, status: LoadStatus) => void | Promise<void>;
}

/** Makes a source, or nothing when the settings do not ask for it. */
export type MakeSource<S> = (init: SourceInit<S>) => CredentialSource | undefined;

/** Reports how a request ended. */
export async function reported<T>(init: SourceInit, source: string, request: () => Promise<T>): Promise<T> {
  let value: T;
  try {
    value = await request();
  } catch (error) {
    await init.onRequest(source, 'error');
    throw error;
  }
  await init.onRequest(source, 'success');
  return value;
}
