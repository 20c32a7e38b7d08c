/** The first half of a request: who sends it, and what was sent. */
import type { RouteRequest } from '../../../core/http/route.ts';
import type { Body } from './delivery.ts';
import { examine, type SignedBy } from './proof.ts';

/** So much of a body is kept; a push of thousands of files is longer, and only its signature is read to the end. */
const KEPT_BYTES = 64 * 1024;

export type Received =
  | {
      readonly ok: true;
      /** Undefined where a token was given. */
      readonly signed: SignedBy | undefined;
      readonly body: Body;
    }
  | { readonly ok: false; readonly why: string };

/** Collects a body as long as it is short enough; in one piece of memory, however many pieces it comes in. */
function keep(announced: string | undefined) {
  const length = Math.min(Number(announced ?? KEPT_BYTES), KEPT_BYTES);
  const kept = Buffer.allocUnsafe(Number.isNaN(length) ? KEPT_BYTES : length);
  let size = 0;
  return {
    take(chunk: Buffer): void {
      chunk.copy(kept, Math.min(size, kept.length));
      size += chunk.length;
    },
    body: (): Body => ({ bytes: kept.subarray(0, size), isWhole: size <= kept.length }),
  };
}

/**
 * Reads a request to its end, unless its headers show that it will be refused: then its body is not read.
 * @param now milliseconds since the epoch
 * @throws PillionError of the server when the body is too long, too slow, or cut off
 */
export async function receive(
  { headers, takeBody }: Pick<RouteRequest, 'headers' | 'takeBody'>,
  secrets: readonly string[],
  now: number,
): Promise<Received> {
  const proof = examine(headers, secrets, now);
  if (proof.kind === 'refused') {
    return { ok: false, why: proof.why };
  }
  const kept = keep(headers['content-length']);
  await takeBody((chunk) => {
    kept.take(chunk);
    if (proof.kind === 'pending') {
      proof.take(chunk);
    }
  });
  if (proof.kind === 'proven') {
    return { ok: true, signed: undefined, body: kept.body() };
  }
  const signed = proof.end();
  return signed === undefined
    ? { ok: false, why: 'no secret of --trigger-secret-file makes the given signature' }
    : { ok: true, signed, body: kept.body() };
}
