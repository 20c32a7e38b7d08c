/** Certificates that somebody else makes: files of a mounted Secret, of cert-manager, or one PEM with everything. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../core/clock.ts';
import { systemErrorCode } from '../../../core/errors.ts';
import type { Log } from '../../../core/log/log.ts';
import { untilAborted } from '../../../core/until-aborted.ts';
import { INJECTOR_ERRORS } from '../errors.ts';
import { servedOf } from './pem.ts';
import type { CertificateSource, Served } from './source.ts';

const POLL_MS = 5_000;

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

  async function look(signal: AbortSignal, use: (served: Served) => Promise<void>): Promise<void> {
    try {
      const served = await read(signal);
      lastFailure = '';
      if (served.cert !== used?.cert || served.key !== used.key) {
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
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = systemErrorCode(error) ?? 'it cannot be read';
    throw INJECTOR_ERRORS.certificate_unreadable({ file, why }, { cause: error });
  }
}
