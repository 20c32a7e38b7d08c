/** From a request to its answer: who sends it, what it says, whether it is new, and what follows. */
import type { Clock } from '../../../core/clock.ts';
import type { Reply, RouteRequest } from '../../../core/http/route.ts';
import type { SecretFile } from '../../../core/http/secret-file.ts';
import type { Log } from '../../../core/log/log.ts';
import { createAccept } from './accept.ts';
import { answer, type Outcome } from './answers.ts';
import { type Delivery, readDelivery, type Source } from './delivery.ts';
import { createFewWarnings } from './few-warnings.ts';
import type { SignedBy } from './proof.ts';
import { receive } from './receive.ts';
import { createReplays, type Seen } from './replays.ts';
import { type Matched, matchPush, matchRequest, pingAnswer, type Target, type Wanted } from './target.ts';

export interface HandlerInit {
  /** Those of this moment. */
  readonly targets: () => readonly Target[];
  readonly secrets: SecretFile;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly count: (source: Source | 'unknown', outcome: Outcome) => void;
  /** Aborted at the end of the process, which nobody's wait holds up. */
  readonly stop: AbortSignal;
}

export type Handle = (request: RouteRequest) => Promise<Reply>;

/** What was delivered, and by whom. */
interface Proven {
  readonly delivery: Delivery;
  readonly signed: SignedBy | undefined;
  readonly request: RouteRequest;
}

const wantsResult = (query: URLSearchParams) => ['1', 'true'].includes(query.get('wait') ?? '');

/** What makes it another delivery. Whoever has a token may ask as often as they like; what was signed counts once. */
function seenAs({ delivery, signed, request }: Proven, first: Wanted | undefined): Seen {
  const dated = signed?.by === 'id-time-and-body' ? request.headers['webhook-id'] : undefined;
  return {
    id: typeof dated === 'string' ? dated : delivery.id,
    body: signed?.by === 'body' ? signed.signature : undefined,
    of: first?.target.name,
    before: first?.change?.before,
    after: first?.change?.after,
  };
}

function matching({ delivery: { event }, request }: Proven, targets: readonly Target[]): Matched | undefined {
  if (event.kind === 'push') {
    return matchPush(event, targets);
  }
  return event.kind === 'request' ? matchRequest(request.query.get('repository'), targets) : undefined;
}

/** Answers requests; each that is proved, new and wanted leads to a sync. */
export function createHandler(init: HandlerInit): Handle {
  const { targets, clock, log, redact, count } = init;
  const replays = createReplays();
  const warn = createFewWarnings(log, clock);
  const accept = createAccept(init);

  function decide(proven: Proven): Promise<Reply> | Reply {
    const { request, signed, delivery } = proven;
    const { source, id, event } = delivery;
    const tell = (outcome: Exclude<Outcome, 'incomplete'>, why: string) => {
      count(source, outcome);
      log.at(1, 'a request starts no sync', { source, outcome, why, delivery: id });
      return answer(outcome, why, redact);
    };
    const all = targets();
    const matched = matching(proven, all);
    const wanted = matched?.kind === 'wanted' ? matched.wanted : [];
    const seen = seenAs(proven, wanted[0]);
    if (replays.has(seen)) {
      return tell('replayed', 'this was delivered before');
    }
    // What starts no sync counts as well: it could come again under another name.
    replays.add(seen);
    if (event.kind === 'ping') {
      return tell('ping', pingAnswer(all));
    }
    if (event.kind === 'malformed') {
      return tell('malformed', event.why);
    }
    if (event.kind === 'other') {
      return tell('ignored', event.why);
    }
    if (event.kind === 'request' && signed !== undefined) {
      return tell(
        'ignored',
        'a signed body needs the header with the event; who just asks for a sync gives a token',
      );
    }
    if (matched?.kind === 'none') {
      return tell(event.kind === 'request' ? 'malformed' : 'ignored', matched.why);
    }
    const { remoteAddress: from, signal } = request;
    return accept({ source, id, from, signal, wantsResult: wantsResult(request.query) }, wanted);
  }

  return async (request) => {
    const from = request.remoteAddress;
    const secrets = await init.secrets.current();
    const received = await receive(request, secrets, clock.now()).catch((error: unknown) => {
      count('unknown', 'incomplete');
      warn('a request has no usable body', { from });
      throw error;
    });
    if (!received.ok) {
      count('unknown', 'unauthorized');
      warn('a request was refused', { from, why: received.why });
      return answer('unauthorized', received.why, redact);
    }
    const { signed, body } = received;
    return decide({ delivery: readDelivery(request.headers, body), signed, request });
  };
}
