/** From a request to its answer: who sends it, what it says, whether it is new, and what follows. */
import type { Clock } from '../../../core/clock.ts';
import { type Reply, type RouteRequest, textReply } from '../../../core/http/route.ts';
import type { SecretFile } from '../../../core/http/secret-file.ts';
import type { Log } from '../../../core/log/log.ts';
import { withSignal } from '../../../core/scoped-signal.ts';
import { untilAborted } from '../../../core/until-aborted.ts';
import { answer, type Outcome, planOf, resultOf } from './answers.ts';
import { type Delivery, type RefChange, readDelivery, type Source } from './delivery.ts';
import { createFewWarnings } from './few-warnings.ts';
import type { Pace } from './pace.ts';
import type { Passes, PassOutcome } from './passes.ts';
import type { SignedBy } from './proof.ts';
import { receive } from './receive.ts';
import { createReplays, type Seen } from './replays.ts';
import type { Unseen } from './unseen.ts';
import { type Followed, followedName, judgePush } from './wanted.ts';

/** How many may wait for the end of a sync at a time. */
const MOST_WAITING = 16;

export interface HandlerInit {
  readonly followed: Followed;
  readonly secrets: SecretFile;
  readonly pace: Pace;
  readonly passes: Passes;
  readonly unseen: Unseen;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly count: (source: Source | 'unknown', outcome: Outcome) => void;
  /** How long `?wait=1` waits, milliseconds. */
  readonly waitMs: number;
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
function seenAs({ delivery, signed, request }: Proven, change: RefChange | undefined): Seen {
  const dated = signed?.by === 'id-time-and-body' ? request.headers['webhook-id'] : undefined;
  return {
    id: typeof dated === 'string' ? dated : delivery.id,
    body: signed?.by === 'body' ? signed.signature : undefined,
    before: change?.before,
    after: change?.after,
  };
}

/** Answers requests; each that is proved, new and wanted leads to a sync. */
export function createHandler(init: HandlerInit): Handle {
  const { followed, pace, passes, unseen, clock, log, redact, count } = init;
  const replays = createReplays();
  const warn = createFewWarnings(log, clock);
  let waiting = 0;
  let due: Promise<PassOutcome> | undefined;

  function decide(proven: Proven): Promise<Reply> | Reply {
    const { source, id, event } = proven.delivery;
    const tell = (outcome: Exclude<Outcome, 'incomplete'>, why: string) => {
      count(source, outcome);
      log.at(1, 'a request starts no sync', { source, outcome, why, delivery: id });
      return answer(outcome, why, redact);
    };
    const judged = event.kind === 'push' ? judgePush(event, followed) : undefined;
    const change = judged?.wanted ? judged.change : undefined;
    const seen = seenAs(proven, change);
    if (replays.has(seen)) {
      return tell('replayed', 'this was delivered before');
    }
    // What starts no sync counts as well: it could come again under another name.
    replays.add(seen);
    if (event.kind === 'ping') {
      const name = followedName(followed.follow);
      return tell('ping', `the hook works: a push to ${name} of ${followed.repo} starts a sync`);
    }
    if (event.kind === 'malformed') {
      return tell('malformed', event.why);
    }
    if (event.kind === 'other') {
      return tell('ignored', event.why);
    }
    if (judged?.wanted === false) {
      return tell('ignored', judged.why);
    }
    if (event.kind === 'request' && proven.signed !== undefined) {
      return tell(
        'ignored',
        'a signed body needs the header with the event; who just asks for a sync gives a token',
      );
    }
    return accept(proven, change);
  }

  function accept({ delivery, request }: Proven, change: RefChange | undefined): Promise<Reply> | Reply {
    const { source, id } = delivery;
    const next = passes.next();
    const isCovered = next === due;
    due = next;
    unseen.expect(change?.before, change?.after);
    const planned = pace.request(source);
    const plan = isCovered ? 'a sync is due already, and covers this too' : planOf(planned, passes.running());
    const outcome = isCovered ? 'coalesced' : 'accepted';
    count(source, outcome);
    const about = { ref: change?.ref, hash: change?.after };
    const from = request.remoteAddress;
    log.at(isCovered ? 1 : 0, 'a sync was requested', { source, ...about, delivery: id, from, plan });
    if (!wantsResult(request.query)) {
      return answer(outcome, plan, redact, about);
    }
    return waiting < MOST_WAITING
      ? waitFor(next, request.signal)
      : answer(outcome, `${plan}; too many wait for its end already`, redact, about);
  }

  async function waitFor(next: Promise<PassOutcome>, signal: AbortSignal): Promise<Reply> {
    waiting += 1;
    try {
      const outcome = await withSignal(signal, { timeoutMs: init.waitMs }, (ended) =>
        withSignal(init.stop, {}, (stopped) =>
          untilAborted(untilAborted(next, ended), stopped).catch(() => undefined),
        ),
      );
      return init.stop.aborted && outcome === undefined
        ? textReply(503, 'the process ends')
        : resultOf(outcome, init.waitMs, redact);
    } finally {
      waiting -= 1;
    }
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
