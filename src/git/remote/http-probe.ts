/** Asks a smart HTTP server for one ref, in this process: no child, one request once the server is known. */
import { isPillionError, type PillionError } from '../../core/errors.ts';
import { REMOTE_ERRORS } from './errors.ts';
import { type AskInit, createAsk, type Question, type Refusal } from './http-question.ts';
import {
  createAdvertisementReader,
  createLsRefsReader,
  lsRefsRequest,
  type ObjectFormat,
} from './ls-refs.ts';
import { type AdvertisedRef, pickRef } from './ref-rules.ts';

const ADVERTISEMENT = 'application/x-git-upload-pack-advertisement';
const RESULT = 'application/x-git-upload-pack-result';

/** What the server said about the ref. */
export type ProbeAnswer =
  | { readonly kind: 'ref'; readonly hash: string }
  | { readonly kind: 'missing'; readonly what: 'ref' }
  | Refusal;

export interface HttpProbeInit extends AskInit {
  readonly repo: string;
  readonly ref: string;
  /** How we name ourselves in the protocol. */
  readonly agent: string;
}

/** Rejects when there was no answer at all: no connection, a cut one, the signal. */
export type Probe = (signal: AbortSignal) => Promise<ProbeAnswer>;

export function createHttpProbe(init: HttpProbeInit): Probe {
  const { ref } = init;
  const ask = createAsk(init);
  let speaksV2 = false;
  let lsRefsQuestion = askForRefs(init, 'sha1');

  const lsRefs = async (signal: AbortSignal): Promise<ProbeAnswer> => {
    const reader = createLsRefsReader(ref);
    const refused = await ask(lsRefsQuestion, RESULT, reader, signal);
    return refused ?? answerOf(ref, reader.finish());
  };

  const advertisement = async (signal: AbortSignal): Promise<ProbeAnswer> => {
    const reader = createAdvertisementReader(ref);
    const refused = await ask(askForAdvertisement(init), ADVERTISEMENT, reader, signal);
    if (refused) {
      return refused;
    }
    const advertised = reader.finish();
    if (advertised.version === 0) {
      return answerOf(ref, advertised.refs);
    }
    speaksV2 = true;
    lsRefsQuestion = askForRefs(init, advertised.format);
    return lsRefs(signal);
  };

  return async (signal) => {
    try {
      const answer = await (speaksV2 ? lsRefs : advertisement)(signal);
      // After anything unusual it may be another server: ask from the start.
      speaksV2 &&= answer.kind === 'ref' || (answer.kind === 'missing' && answer.what === 'ref');
      return answer;
    } catch (error) {
      speaksV2 = false;
      // Whatever this is, git may know better: a dumb server, a proxy's page, a server that lies.
      if (isOddAnswer(error)) {
        return { kind: 'unsupported', why: error.message };
      }
      throw error;
    }
  };
}

function isOddAnswer(error: unknown): error is PillionError {
  return (
    REMOTE_ERRORS.protocol_error.matches(error) ||
    (isPillionError(error) && error.facts['reason'] === 'too_long')
  );
}

function answerOf(name: string, refs: ReadonlyMap<string, AdvertisedRef>): ProbeAnswer {
  const hash = pickRef(name, refs);
  return hash === undefined ? { kind: 'missing', what: 'ref' } : { kind: 'ref', hash };
}

const baseOf = (repo: string) => repo.replace(/\/+$/, '');

function askForAdvertisement({ repo }: HttpProbeInit): Question {
  return {
    method: 'GET',
    url: `${baseOf(repo)}/info/refs?service=git-upload-pack`,
    headers: { Accept: ADVERTISEMENT },
  };
}

function askForRefs({ repo, ref, agent }: HttpProbeInit, format: ObjectFormat): Question {
  return {
    method: 'POST',
    url: `${baseOf(repo)}/git-upload-pack`,
    headers: { 'Content-Type': 'application/x-git-upload-pack-request', Accept: RESULT },
    body: lsRefsRequest(ref, agent, format),
  };
}
