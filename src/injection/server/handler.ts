/** The webhooks as routes: no call to anybody in them, so that an answer depends on nothing but the request. */
import { errorMessage } from '../../core/errors.ts';
import { SERVER_ERRORS } from '../../core/http/errors.ts';
import { type Reply, type Route, type RouteRequest, textReply } from '../../core/http/server.ts';
import type { Log } from '../../core/log/log.ts';
import type { Metrics } from '../../core/metrics/metrics.ts';
import { decide } from '../engine/decide.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import type { INJECTOR_METRICS } from './metrics.ts';
import { ADVISE_PATH, MUTATE_PATH, NAMESPACE_PATH } from './paths.ts';
import { createReadingRoom } from './reading-room.ts';
import { type Review, readReview, renderVerdict, type Verdict, verdictOf } from './review.ts';
import { sizeOfReview } from './review-size.ts';
import { adviceOn } from './workload-advice.ts';

/** An API server takes objects up to 3 MiB; a review holds up to two of them and what other webhooks have added. */
export const MAX_BODY_BYTES = 8 << 20;
/** All bodies that are read at once, and what is made of one of them: the work itself is done in one go. */
export const ROOM = { places: 512, bytes: 96 << 20, now: () => performance.now() } as const;
/** When the caller does not say; an API server's own default. */
const DEFAULT_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 30_000;

export interface WebhookDeps {
  /** The settings of now. */
  readonly settings: () => InjectionSettings;
  readonly version: string;
  readonly log: Log;
  readonly metrics?: Metrics<typeof INJECTOR_METRICS> | undefined;
  /** Called with every decision on a pod, and with that on a dry run too. Must not throw. */
  readonly onDecision?: ((told: Told) => void) | undefined;
}

interface Judged {
  readonly verdict: Verdict;
  readonly result: string;
  readonly reason: string;
  /** What was decided, in words; nothing for advice. */
  readonly message?: string;
}

/** What was decided on a pod. */
export interface Told {
  readonly review: Review;
  readonly result: string;
  readonly reason: string;
  readonly message: string;
}

type Judge = (review: Review, path: string) => Judged;

export function webhookRoutes(deps: WebhookDeps): Route[] {
  const room = createReadingRoom(ROOM);

  async function answer(request: RouteRequest, webhook: string, judge: Judge): Promise<Reply> {
    const length = Number(request.headers['content-length'] ?? MAX_BODY_BYTES);
    const bytes = Math.min(Number.isFinite(length) ? length : MAX_BODY_BYTES, MAX_BODY_BYTES);
    const place = room.enter({
      address: request.remoteAddress,
      bytes,
      giveUp: (timeoutMs) => request.giveUp(SERVER_ERRORS.body_timeout({ timeoutMs: Math.round(timeoutMs) })),
    });
    if (place === undefined) {
      return busy();
    }
    try {
      const body = await request.readBody();
      // The work is not divisible: it is begun only while somebody waits for it.
      request.signal.throwIfAborted();
      const sized = sizeOfReview(body);
      if ('problem' in sized) {
        deps.metrics?.rejected.inc({ reason: sized.status === 413 ? 'too_large' : 'bad_request' });
        return textReply(sized.status, sized.problem);
      }
      if (!place.grow(sized.memory)) {
        return busy();
      }
      return judged(body, webhook, judge, request.path);
    } catch (error) {
      deps.metrics?.rejected.inc({ reason: whyRejected(error) });
      throw error;
    } finally {
      place.leave();
    }
  }

  function busy(): Reply {
    deps.metrics?.rejected.inc({ reason: 'busy' });
    return { ...textReply(503, 'busy'), headers: { 'retry-after': '1' } };
  }

  function judged(body: Buffer, webhook: string, judge: Judge, path: string): Reply {
    const started = performance.now();
    const review = readReview(body);
    if ('problem' in review) {
      deps.metrics?.rejected.inc({ reason: 'bad_request' });
      return textReply(400, review.problem);
    }
    const judgement = guarded(judge, review, path);
    const { verdict, result, reason, message } = judgement;
    const text = renderVerdict(review, verdict);
    const milliseconds = performance.now() - started;
    deps.metrics?.reviews.inc({ webhook, result, reason });
    deps.metrics?.seconds.observe({ webhook }, milliseconds / 1000);
    tell(review, webhook, judgement, milliseconds);
    if (message !== undefined) {
      deps.onDecision?.({ review, result, reason, message });
    }
    return { status: 200, contentType: 'application/json', body: text };
  }

  /** An error of ours is told as one, and never a reset connection, which looks like the network. */
  function guarded(judge: Judge, review: Review, path: string): Judged {
    try {
      return judge(review, path);
    } catch (error) {
      deps.log.error('a review could not be answered', error, { uid: review.uid });
      const message = `pillion: internal error: ${errorMessage(error)}`;
      return {
        verdict: { allowed: false, message, code: 500, audit: { reason: 'internal' } },
        result: 'refused',
        reason: 'internal',
      };
    }
  }

  function tell(
    review: Review,
    webhook: string,
    { verdict, result, reason }: Judged,
    milliseconds: number,
  ): void {
    const { namespace, name, uid, isDryRun } = review;
    const isOfInterest = result !== 'unchanged';
    deps.log.at(isOfInterest ? 0 : 2, 'review', {
      webhook,
      result,
      reason,
      namespace,
      name,
      uid,
      ...(isDryRun && { dryRun: true }),
      ...(verdict.message !== undefined && { message: verdict.message }),
      ...((verdict.warnings ?? []).length > 0 && { warnings: verdict.warnings?.length }),
      ms: Math.round(milliseconds * 100) / 100,
    });
  }

  const onPod: Judge = (review, path) => {
    const namespaceDefault = path.startsWith(`${NAMESPACE_PATH}/`)
      ? path.slice(NAMESPACE_PATH.length + 1)
      : undefined;
    const { object, namespace, operation, subResource, kind } = review;
    const decision = decide(
      { pod: object, namespace, operation, subResource, kind, namespaceDefault },
      deps.settings(),
      deps.version,
    );
    const { outcome: result, reason, message } = decision;
    return { verdict: verdictOf(decision), result, reason, message };
  };

  const onWorkload: Judge = (review) => {
    const warnings = adviceOn(review, deps.settings(), deps.version);
    const isQuiet = warnings.length === 0;
    return {
      verdict: { allowed: true, warnings },
      result: isQuiet ? 'unchanged' : 'warned',
      reason: isQuiet ? 'nothing-to-say' : 'advice',
    };
  };

  const route = (path: string, webhook: string, judge: Judge): Route => ({
    method: 'POST',
    path,
    maxBodyBytes: MAX_BODY_BYTES,
    bodyTimeoutMs: LONGEST_TIMEOUT_MS,
    timeoutMs: timeoutOf,
    handle: (request) => answer(request, webhook, judge),
  });
  return [
    route(MUTATE_PATH, 'mutate', onPod),
    route(`${NAMESPACE_PATH}/*`, 'mutate-namespace', onPod),
    route(ADVISE_PATH, 'advise', onWorkload),
  ];
}

function whyRejected(error: unknown): string {
  if (SERVER_ERRORS.body_too_large.matches(error)) {
    return 'too_large';
  }
  return SERVER_ERRORS.answer_timeout.matches(error) || SERVER_ERRORS.body_timeout.matches(error)
    ? 'late'
    : 'gone';
}

/** The seconds that the API server still waits, which it writes into the address: `?timeout=10s`. */
function timeoutOf(query: URLSearchParams): number {
  const seconds = /^([0-9]{1,3})s$/.exec(query.get('timeout') ?? '')?.[1];
  const milliseconds = seconds === undefined ? DEFAULT_TIMEOUT_MS : Number(seconds) * 1000;
  return Math.min(Math.max(milliseconds, 1), LONGEST_TIMEOUT_MS);
}
