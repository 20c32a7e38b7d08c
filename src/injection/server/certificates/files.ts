/** Certificates that somebody else makes: files of a mounted Secret, of cert-manager, or one PEM with everything. */
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { errorMessage, isPillionError, systemErrorCode } from '../../../core/errors.ts';
import { readText } from '../../../core/files.ts';
import { SERVER_ERRORS } from '../../../core/http/errors.ts';
import type { Log } from '../../../core/log/log.ts';
import { untilAborted } from '../../../core/until-aborted.ts';
import { INJECTOR_ERRORS } from '../errors.ts';
import { servedOf } from './pem.ts';
import type { CertificateSource, Served } from './source.ts';

/** A new certificate is shown within a second; nothing is as cheap as reading some KiB that have not changed. */
const POLL_MS = 500;
/** A chain is some KiB. */
const LARGEST_BYTES = 1 << 20;

export interface CertificateFiles {
  readonly certFile: string;
  /** Default: the key stands in the file of the certificate. */
  readonly keyFile: string;
}

export interface FilesDeps {
  /** What an API server calls the Service, where that is known: a certificate for others is of no use to it. */
  readonly name?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs?: number;
}

export function certificateFiles(files: CertificateFiles, deps: FilesDeps): CertificateSource {
  const { name, clock, log, pollMs = POLL_MS } = deps;
  let used: Served | undefined;
  let lastFailure = '';

  async function read(signal: AbortSignal): Promise<Served> {
    const cert = await untilAborted(textOf(files.certFile), signal);
    const key = files.keyFile === '' ? cert : await untilAborted(textOf(files.keyFile), signal);
    return servedOf(cert, key);
  }

  /** Why nobody could trust it; what follows from the time is told elsewhere, too. */
  function flaw(served: Served | undefined): string | undefined {
    if (served !== undefined && served.expiresAt <= clock.now()) {
      return 'it has expired';
    }
    return served === undefined || name === undefined || isFor(served, name)
      ? undefined
      : `it is not for ${name}`;
  }

  /** One that is of no use is no reason to give up one that is. */
  function mustBeBetter(served: Served): void {
    const why = flaw(served);
    if (why !== undefined && flaw(used) === undefined) {
      throw SERVER_ERRORS.certificate_invalid({ why });
    }
  }

  async function refresh(signal: AbortSignal, use: (served: Served) => Promise<void>): Promise<void> {
    try {
      const served = await read(signal);
      lastFailure = '';
      if (served.cert !== used?.cert || served.key !== used.key) {
        mustBeBetter(served);
        await use(served);
        used = served;
      }
    } catch (error) {
      signal.throwIfAborted();
      // A Secret that is being replaced may hold a certificate and the key of another for a moment.
      const failure = String(error);
      if (failure !== lastFailure) {
        lastFailure = failure;
        log.error('the certificate cannot be read: the one in use stays', error);
      }
    }
  }

  return {
    problem() {
      const why = flaw(used);
      return why === undefined ? undefined : `the certificate is of no use: ${why}`;
    },
    async load(signal) {
      used = await read(signal);
      return used;
    },
    async follow(signal, use) {
      while (!signal.aborted) {
        await clock.sleep(pollMs, signal);
        await refresh(signal, use);
      }
    },
  };
}

/** Names may stand for others (`*.pillion.svc`), but the common name for none: API servers do not look at it. */
function isFor({ cert }: Served, name: string): boolean {
  return new X509Certificate(cert).checkHost(name, { subject: 'never' }) !== undefined;
}

async function textOf(file: string): Promise<string> {
  try {
    // A pipe in its place is not waited for, and what has no end is not read to it.
    return await readText(file, LARGEST_BYTES);
  } catch (error) {
    const code = isPillionError(error) ? error.facts['systemCode'] : systemErrorCode(error);
    const why = typeof code === 'string' ? code : errorMessage(error);
    throw INJECTOR_ERRORS.certificate_unreadable({ file, why });
  }
}
