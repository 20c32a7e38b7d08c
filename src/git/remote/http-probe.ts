/** Asks a smart HTTP server for one ref, in this process: no child, one request once the server is known. */
import { PillionError } from '../../core/errors.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { createAdvertisementReader, createLsRefsReader, lsRefsRequest } from './ls-refs.ts';
import { pickRef } from './ref-rules.ts';

/** Version 0 servers list all their refs; more than this is left to git itself. */
const MAX_BYTES = 256 * 1024 * 1024;

export type ProbeResult =
  | { readonly kind: 'hash'; readonly hash: string }
  /** The server answered, and has no such ref. */
  | { readonly kind: 'absent' }
  /** This server needs git itself: dumb protocol, redirect, unknown authentication. */
  | { readonly kind: 'unsupported'; readonly why: string };

export interface HttpProbeInit {
  readonly repo: string;
  readonly ref: string;
  readonly client: HttpClient;
  readonly agent: string;
  /** The Authorization header for this repository, if there are credentials for it. */
  readonly authorization: () => Promise<string | undefined>;
}

export type Probe = (signal: AbortSignal) => Promise<ProbeResult>;

const asResult = (hash: string | undefined): ProbeResult =>
  hash === undefined ? { kind: 'absent' } : { kind: 'hash', hash };

export function createHttpProbe(init: HttpProbeInit): Probe {
  const base = init.repo.replace(/\/+$/, '');
  const advertisementUrl = new URL(`${base}/info/refs?service=git-upload-pack`);
  const lsRefsUrl = new URL(`${base}/git-upload-pack`);
  let speaksV2 = false;

  const headers = (authorization: string | undefined, extra: Readonly<Record<string, string>>) => {
    const common = { 'User-Agent': init.agent, 'Git-Protocol': 'version=2', ...extra };
    return authorization === undefined ? common : { ...common, Authorization: authorization };
  };

  const failed = (answer: HttpAnswer, authorized: boolean): ProbeResult => {
    // Without credentials of ours git may still know a way: .netrc, client certificates, Kerberos.
    const refused = authorized && (answer.status === 401 || answer.status === 403);
    if (answer.status >= 500 || answer.status === 404 || refused) {
      throw new PillionError({
        code: 'probe_failed',
        message: `the server answered ${answer.status}`,
        retryable: true,
        facts: { status: answer.status },
      });
    }
    return { kind: 'unsupported', why: `status ${answer.status}` };
  };

  const lsRefs = async (signal: AbortSignal): Promise<ProbeResult> => {
    const reader = createLsRefsReader(init.ref);
    const authorization = await init.authorization();
    const body = lsRefsRequest(init.ref, init.agent);
    const answer = await init.client.send({
      method: 'POST',
      url: lsRefsUrl,
      headers: headers(authorization, {
        'Content-Type': 'application/x-git-upload-pack-request',
        Accept: 'application/x-git-upload-pack-result',
        'Content-Length': String(Buffer.byteLength(body)),
      }),
      body,
      signal,
      onData: (chunk) => reader.push(chunk),
      maxBytes: MAX_BYTES,
    });
    if (answer.status !== 200) {
      return failed(answer, authorization !== undefined);
    }
    return asResult(pickRef(init.ref, reader.finish()));
  };

  const advertisement = async (signal: AbortSignal): Promise<ProbeResult> => {
    const reader = createAdvertisementReader(init.ref);
    const authorization = await init.authorization();
    const answer = await init.client.send({
      method: 'GET',
      url: advertisementUrl,
      headers: headers(authorization, { Accept: 'application/x-git-upload-pack-advertisement' }),
      signal,
      onData: (chunk) => reader.push(chunk),
      maxBytes: MAX_BYTES,
    });
    if (answer.status !== 200) {
      return failed(answer, authorization !== undefined);
    }
    if (!answer.contentType.startsWith('application/x-git-upload-pack-advertisement')) {
      return { kind: 'unsupported', why: `content type ${answer.contentType}` };
    }
    const advertised = reader.finish();
    if (advertised.version === 2) {
      speaksV2 = true;
      return lsRefs(signal);
    }
    return asResult(pickRef(init.ref, advertised.refs));
  };

  return async (signal) => {
    const known = speaksV2;
    speaksV2 = false;
    try {
      const result = await (known ? lsRefs(signal) : advertisement(signal));
      speaksV2 = speaksV2 || (known && result.kind !== 'unsupported');
      return result;
    } catch (error) {
      // Whatever this is, git may know better: a dumb server, a proxy's page, a server that lies.
      if (error instanceof PillionError && error.code === 'protocol_error') {
        return { kind: 'unsupported', why: error.message };
      }
      throw error;
    }
  };
}
