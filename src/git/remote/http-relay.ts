/**
 * A git that takes this process for a server of protocol version 2: what it asks for is asked over HTTP, on the connection
 * that is kept for polls. Each request of that version is complete in itself (gitprotocol-v2(5)), so any connection will do.
 */
import type { Duplex } from 'node:stream';
import type { Ask, Question } from './http-question.ts';
import { createPacketReader } from './pkt-line.ts';
import { sendTo } from './send-to.ts';

/** Lets a git talk to a server through a socket; never rejects, a git that is cut off fails. */
export type Relay = (git: Duplex) => void;

export const RESULT = 'application/x-git-upload-pack-result';

export interface HttpRelayInit {
  /** What the server said first. */
  readonly greeting: string;
  /** A question that was answered. */
  readonly question: Question;
  readonly ask: Ask;
  readonly signal: AbortSignal;
}

/** What ends a request, and an answer. */
const FLUSH = '0000';

/** A request names the commits that git has; what is longer is left to git's own way. */
const MAX_REQUEST_BYTES = 1024 * 1024;

/** Requests of git, one by one. */
async function* requestsOf(git: Duplex): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  let isWhole = false;
  const reader = createPacketReader(({ kind }) => {
    isWhole = kind === 'flush';
  });
  for await (const chunk of git.iterator({ destroyOnReturn: false })) {
    parts.push(chunk);
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) {
      throw new Error('a request of git is very long');
    }
    reader.push(chunk);
    if (isWhole) {
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
      isWhole = false;
    }
  }
}

export function createHttpRelay({ greeting, question, ask, signal }: HttpRelayInit): Relay {
  const serve = async (git: Duplex): Promise<void> => {
    git.write(greeting);
    const send = sendTo(git);
    for await (const body of requestsOf(git)) {
      if (body.length === FLUSH.length) {
        continue; // git's farewell
      }
      let end = '';
      const push = (chunk: Buffer) => {
        if (git.destroyed) {
          throw new Error('git has ended'); // the rest of a pack is not worth its way
        }
        end = (end + chunk.toString('latin1', Math.max(0, chunk.length - FLUSH.length))).slice(-FLUSH.length);
        return send(chunk);
      };
      const reader = { push, maxBytes: Number.POSITIVE_INFINITY };
      const refusal = await ask({ ...question, body }, RESULT, reader, signal);
      if (refusal !== undefined || end !== FLUSH) {
        // Git would wait for the rest.
        throw new Error(`no whole answer: ${refusal?.kind ?? 'it was cut'}`);
      }
    }
    git.end();
  };
  return (git) => {
    serve(git).catch(() => git.destroy());
  };
}
