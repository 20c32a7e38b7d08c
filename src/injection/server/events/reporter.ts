/** Tells owners of pods, one call at a time and never more than a few: reviews do not wait for it. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log/log.ts';
import { untilAborted } from '../../../core/until-aborted.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';
import { memberAt, textAt } from '../../../kubernetes/json.ts';
import { refuse } from '../../../kubernetes/refuse.ts';
import type { Told } from '../handler.ts';
import { tellChanges } from '../tell-changes.ts';
import { controllerOf, eventName, eventOf, keyOf, type Notice, noticeOf, pathOf } from './event.ts';

/** A controller tries again every few seconds; its owner is told of it again after this long. */
const AGAIN_MS = 300_000;
/** What is remembered of what was told; older ones are told again. */
const MOST_KEYS = 1_000;
const MOST_WAITING = 100;
const WRITE = 'write an Event';

export interface EventReporter {
  /** Puts what is notable in line; what finds no place in it is left out. Never throws. */
  report(told: Told): void;
  /** Sends what is in line until the signal is aborted. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface ReporterDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Log;
}

interface Known {
  readonly notice: Notice;
  /** Seen since the last Event. */
  count: number;
  nextAt: number;
  isWaiting: boolean;
}

export function createEventReporter({ client, clock, log }: ReporterDeps): EventReporter {
  const known = new Map<string, Known>();
  const waiting: Known[] = [];
  let wake: (() => void) | undefined;
  const orTell = tellChanges(log, 'an Event cannot be written');

  function knownOf(notice: Notice): Known {
    const key = keyOf(notice);
    const found = known.get(key) ?? { notice, count: 0, nextAt: 0, isWaiting: false };
    known.delete(key);
    known.set(key, found);
    if (known.size > MOST_KEYS) {
      known.delete(known.keys().next().value ?? '');
    }
    return found;
  }

  async function send(entry: Known, signal: AbortSignal): Promise<void> {
    const { count } = entry;
    entry.isWaiting = false;
    entry.count = 0;
    entry.nextAt = clock.now() + AGAIN_MS;
    await orTell(async () => tell(await resolved(entry.notice, signal), count, signal), signal);
  }

  /** The same for whoever people know: the Deployment of a ReplicaSet. Who may not be read is told itself. */
  async function resolved(notice: Notice, signal: AbortSignal): Promise<Notice> {
    const path = pathOf(notice);
    if (path === undefined) {
      return notice;
    }
    const { status, json } = await client.call({ method: 'GET', path, metadataOnly: 'object', signal });
    const owner = status === 200 ? controllerOf(json) : undefined;
    return owner === undefined ? notice : { ...notice, owner };
  }

  async function tell(notice: Notice, count: number, signal: AbortSignal): Promise<void> {
    const all = `/api/v1/namespaces/${encodeURIComponent(notice.namespace)}/events`;
    const event = eventOf(notice, { count, now: new Date(clock.now()) });
    const made = await client.call({ method: 'POST', path: all, body: event, signal });
    if (made.status === 409) {
      await tellAgain(`${all}/${encodeURIComponent(eventName(notice))}`, event, signal);
    } else if (made.status !== 201) {
      refuse(WRITE, made);
    }
  }

  /** Another replica was first, or the owner was told before: it stays one Event, with a count. */
  async function tellAgain(path: string, event: object, signal: AbortSignal): Promise<void> {
    const found = await client.call({ method: 'GET', path, signal });
    if (found.status !== 200) {
      return;
    }
    const [before, more] = [found.json, event].map((each) => Number(memberAt(each, 'count') ?? 1));
    const body = [
      { op: 'add', path: '/count', value: (before ?? 1) + (more ?? 1) },
      { op: 'add', path: '/lastTimestamp', value: textAt(event, 'lastTimestamp') },
    ];
    const changed = await client.call({ method: 'PATCH', path, body, signal });
    if (changed.status >= 400 && changed.status !== 404 && changed.status !== 409) {
      refuse(WRITE, changed);
    }
  }

  return {
    report(told) {
      const notice = noticeOf(told);
      if (notice === undefined) {
        return;
      }
      const entry = knownOf(notice);
      entry.count += 1;
      if (!entry.isWaiting && clock.now() >= entry.nextAt && waiting.length < MOST_WAITING) {
        entry.isWaiting = true;
        waiting.push(entry);
        wake?.();
      }
    },
    async follow(signal) {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next === undefined) {
          await untilAborted(
            new Promise<void>((resolve) => {
              wake = resolve;
            }),
            signal,
          );
        } else {
          await send(next, signal);
        }
      }
    },
  };
}
