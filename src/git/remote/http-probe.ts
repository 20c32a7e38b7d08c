/** Asks a smart HTTP server for one ref, in this process: no child, one request once the server is known. */

import { isPillionError, type PillionError } from '../../core/errors.ts';
import { trimEndOf } from '../../core/trim-end.ts';
import { REMOTE_ERRORS } from './errors.ts';
import {
  type Ask,
  type AskInit,
  createAsk,
  type Question,
  type Redirect,
  type Refusal,
} from './http-question.ts';
import { createHttpRelay, RESULT, type Relay } from './http-relay.ts';
import {
  createAdvertisementReader,
  createLsRefsReader,
  lsRefsRequest,
  type ObjectFormat,
} from './ls-refs.ts';
import { movedBase, TAIL } from './moved-base.ts';
import { picked, type RefQuery } from './ref-query.ts';
import type { AdvertisedRef } from './ref-rules.ts';

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement';

/** A commit that was found, the ref where one of many was chosen, and the tag object that names the commit, if one does. */
export interface FoundRef {
  readonly hash: string;
  readonly name?: string;
  readonly tag?: string;
}

/** What the server said about the ref. */
export type ProbeAnswer =
  | ({ readonly kind: 'ref' } & FoundRef)
  | { readonly kind: 'missing'; readonly what: 'ref' }
  | Refusal;

export interface HttpProbeInit extends AskInit {
  readonly repo: string;
  readonly query: RefQuery;
  /** How we name ourselves in the protocol. */
  readonly agent: string;
  /** Called when the address redirects to another, once. */
  readonly onMoved?: ((to: string) => void) | undefined;
}

export interface HttpProbe {
  /** Rejects when there was no answer at all: no connection, a cut one, the signal. */
  ask(signal: AbortSignal): Promise<ProbeAnswer>;
  /** Lets a fetch use the way by which the last question was answered, until that question's signal ends it. */
  takeRelay(): Relay | undefined;
}

/** As in git. */
const MAX_REDIRECTS = 20;

export function createHttpProbe(init: HttpProbeInit): HttpProbe {
  const { query } = init;
  const origin = baseOf(init.repo);
  const askers = new Map<string, Ask>();
  /** Each server asks for credentials in its own way. */
  const send: Ask = (question, ...rest) => {
    const server = new URL(question.url).origin;
    const found = askers.get(server) ?? createAsk(init);
    askers.set(server, found);
    return found(question, ...rest);
  };
  /** Where version 2 is known to be spoken, by which address it was reached, what it can do, and what is asked there. */
  let known: { readonly base: string; readonly greeting: string; readonly question: Question } | undefined;
  let relay: Relay | undefined;
  let hasTold = false;

  const lsRefs = async (question: Question, signal: AbortSignal): Promise<ProbeAnswer> => {
    const reader = createLsRefsReader(query);
    const refused = await send(question, RESULT, reader, signal);
    // Git too follows redirects for its first question only.
    return refused === undefined ? answerOf(query, reader.finish()) : asRefusal(refused);
  };

  /** @param base follows the redirects; the address that was configured is asked first, each time */
  const advertisement = async (base: string, hops: number, signal: AbortSignal): Promise<ProbeAnswer> => {
    const reader = createAdvertisementReader(query);
    const refused = await send(askForAdvertisement(base), ADVERTISEMENT, reader, signal);
    if (refused?.kind === 'moved') {
      const next = hops < MAX_REDIRECTS ? movedBase(base, refused.location) : undefined;
      if (next === undefined) {
        return asRefusal(refused);
      }
      if (!hasTold) {
        hasTold = true;
        init.onMoved?.(next);
      }
      // Git knows whom to give them to.
      if (!isSameServer(base, next) && (await init.authorization(base)) !== undefined) {
        return asRefusal(refused);
      }
      return known?.base === next ? lsRefs(known.question, signal) : advertisement(next, hops + 1, signal);
    }
    if (refused) {
      return refused;
    }
    const advertised = reader.finish();
    if (advertised.version === 0) {
      return answerOf(query, advertised.refs);
    }
    const question = askForRefs(base, init, advertised.format);
    known = { base, greeting: advertised.text, question };
    return lsRefs(known.question, signal);
  };

  const ask = async (signal: AbortSignal): Promise<ProbeAnswer> => {
    relay = undefined;
    try {
      const answer = await (known?.base === origin
        ? lsRefs(known.question, signal)
        : advertisement(origin, 0, signal));
      // After anything unusual it may be another server: ask from the start.
      if (answer.kind !== 'ref' && !(answer.kind === 'missing' && answer.what === 'ref')) {
        known = undefined;
      }
      relay = known && createHttpRelay({ ...known, ask: send, signal });
      return answer;
    } catch (error) {
      known = undefined;
      // Whatever this is, git may know better: a dumb server, a proxy's page, a server that lies.
      if (isOddAnswer(error)) {
        return { kind: 'unsupported', why: error.message };
      }
      throw error;
    }
  };

  return {
    ask,
    takeRelay() {
      const taken = relay;
      relay = undefined;
      return taken;
    },
  };
}

const isSameServer = (one: string, other: string) => new URL(one).origin === new URL(other).origin;

function asRefusal(refused: Refusal | Redirect): Refusal {
  return refused.kind === 'moved' ? { kind: 'unsupported', why: `status ${refused.status}` } : refused;
}

function isOddAnswer(error: unknown): error is PillionError {
  return (
    REMOTE_ERRORS.protocol_error.matches(error) ||
    (isPillionError(error) && error.facts['reason'] === 'too_long')
  );
}

function answerOf(query: RefQuery, refs: ReadonlyMap<string, AdvertisedRef>): ProbeAnswer {
  const found = picked(query, refs);
  return found === undefined ? { kind: 'missing', what: 'ref' } : { kind: 'ref', ...found };
}

const baseOf = (repo: string) => trimEndOf(repo, '/');

function askForAdvertisement(base: string): Question {
  return {
    method: 'GET',
    url: base + TAIL,
    headers: { Accept: ADVERTISEMENT },
  };
}

function askForRefs(base: string, { query, agent }: HttpProbeInit, format: ObjectFormat): Question {
  return {
    method: 'POST',
    url: `${base}/git-upload-pack`,
    headers: { 'Content-Type': 'application/x-git-upload-pack-request', Accept: RESULT },
    body: lsRefsRequest(query, agent, format),
  };
}
