/** What a sender is told, and what is counted. */
import { jsonReply, type Reply } from '../../../core/http/route.ts';
import type { Planned } from './pace.ts';
import type { PassOutcome } from './passes.ts';

/** Label of the metric, and field of the answer. */
export type Outcome =
  /** A sync follows. */
  | 'accepted'
  /** A sync that is due already covers it. */
  | 'coalesced'
  | 'ping'
  | 'ignored'
  | 'replayed'
  | 'malformed'
  | 'unauthorized'
  /** The body was too long, too slow or cut off. */
  | 'incomplete';

const STATUS: Readonly<Record<Exclude<Outcome, 'incomplete'>, number>> = {
  accepted: 202,
  coalesced: 202,
  ping: 200,
  ignored: 200,
  replayed: 200,
  malformed: 400,
  unauthorized: 401,
};

type Redact = (text: string) => string;

/** One line of JSON: the outcome, a sentence for people, and what belongs to it. */
export function answer(
  outcome: Exclude<Outcome, 'incomplete'>,
  message: string,
  redact: Redact,
  more: Readonly<Record<string, unknown>> = {},
): Reply {
  const reply = jsonReply(STATUS[outcome], { outcome, message, ...more }, redact);
  return outcome === 'unauthorized' ? { ...reply, headers: { 'www-authenticate': 'Bearer' } } : reply;
}

/** When the sync will be. */
export function planOf(planned: Planned, isRunning: boolean): string {
  if (planned.kind === 'later') {
    return `a sync starts in ${Math.ceil(planned.ms)} ms, for this and for what else comes until then`;
  }
  return isRunning ? 'a sync is running; one more follows it' : 'a sync starts now';
}

/** The answer to `?wait=1`: 200 with the commit that is published now, 500 with what failed, 202 when it takes longer. */
export function resultOf(outcome: PassOutcome | undefined, waitedMs: number, redact: Redact): Reply {
  if (outcome === undefined) {
    const message = `the sync has not ended within ${waitedMs / 1000} s; it goes on`;
    return jsonReply(202, { outcome: 'accepted', message }, redact);
  }
  if (outcome.ok) {
    const { hash, changed } = outcome;
    const message = changed ? 'a new commit is published' : 'there was nothing new';
    return jsonReply(200, { outcome: 'synced', message, hash, changed }, redact);
  }
  const { error, code } = outcome;
  return jsonReply(500, { outcome: 'failed', message: 'the sync has failed', error, code }, redact);
}
