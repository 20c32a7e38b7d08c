/** Certificates that somebody else makes: files of a mounted Secret, of cert-manager, or one PEM with everything. */
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
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs?: number;
}

export function certificateFiles(files: CertificateFiles, deps: FilesDeps): CertificateSource {
  const { clock, log, pollMs = POLL_MS } = deps;
  let used: Served | undefined;
  let lastFailure = '';

  async function read(signal: AbortSignal): Promise<Served> {
    const cert = await untilAborted(textOf(files.certFile), signal);
    const key = files.keyFile === '' ? cert : await untilAborted(textOf(files.keyFile), signal);
    return servedOf(cert, key);
  }

  /** One that has ended is no reason to give up one that has not. */
  function mustBeBetter(served: Served): void {
    const now = clock.now();
    if (served.expiresAt <= now && used !== undefined && used.expiresAt > now) {
      throw SERVER_ERRORS.certificate_invalid({ why: 'it has expired' });
    }
  }

  async function look(signal: AbortSignal, use: (served: Served) => Promise<void>): Promise<void> {
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
    async load(signal) {
      used = await read(signal);
      return used;
    },
    async follow(signal, use) {
      while (!signal.aborted) {
        await clock.sleep(pollMs, signal);
        await look(signal, use);
      }
    },
  };
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
