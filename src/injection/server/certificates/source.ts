import type { ServerCertificate } from '../../../core/http/server.ts';

/** What the server shows to its clients. */
export interface Served extends ServerCertificate {
  /** Milliseconds since the epoch: the earliest end in the chain. */
  readonly expiresAt: number;
  /** The names that it is for, in lower case. */
  readonly names: readonly string[];
}

/** Where certificates come from. */
export interface CertificateSource {
  /** The first one. */
  load(signal: AbortSignal): Promise<Served>;
  /** Hands on each further one until the signal is aborted; a failure is told, and the one in use stays. */
  follow(signal: AbortSignal, use: (served: Served) => Promise<void>): Promise<void>;
  /** PEM of what clients trust, where that is known. */
  trustedBundle?(): string;
  /** Why clients cannot trust what is served, in words; undefined when they can. */
  problem?(): string | undefined;
}
