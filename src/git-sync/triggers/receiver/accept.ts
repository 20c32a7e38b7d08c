/** A request that starts syncs: asks for them, and answers what will come of it, or has come. */
import { jsonReply, type Reply, textReply } from '../../../core/http/route.ts';
import type { Log } from '../../../core/log/log.ts';
import { withSignal } from '../../../core/scoped-signal.ts';
import { untilAborted } from '../../../core/until-aborted.ts';
import { answer, planOf, resultOf } from './answers.ts';
import type { Source } from './delivery.ts';
import type { Passes, PassOutcome } from './passes.ts';
import type { Target, Wanted } from './target.ts';

/** How many may wait for the end of a sync at a time. */
const MOST_WAITING = 16;

export interface AcceptInit {
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly count: (source: Source, outcome: 'accepted' | 'coalesced') => void;
  /** Aborted at the end of the process, which nobody's wait holds up. */
  readonly stop: AbortSignal;
}

/** Who asks. */
export interface Asked {
  readonly source: Source;
  /** Of the delivery. */
  readonly id: string | undefined;
  readonly from: string | undefined;
  readonly wantsResult: boolean;
  /** Aborted when the sender is gone. */
  readonly signal: AbortSignal;
}

export type Accept = (asked: Asked, wanted: readonly Wanted[]) => Promise<Reply> | Reply;

/** A sync that was asked for. */
interface Due {
  readonly target: Target;
  readonly plan: string;
  readonly isCovered: boolean;
  readonly outcome: Promise<PassOutcome>;
}

export function createAccept({ log, redact, count, stop }: AcceptInit): Accept {
  const due = new WeakMap<Passes, Promise<PassOutcome>>();
  let waiting = 0;

  function ask({ source, id, from }: Asked, { target, change }: Wanted): Due {
    const { name, passes, pace, unseen } = target;
    const outcome = passes.next();
    const isCovered = due.get(passes) === outcome;
    due.set(passes, outcome);
    unseen.expect(change?.before, change?.after);
    const planned = pace.request(source);
    const plan = isCovered ? 'a sync is due already, and covers this too' : planOf(planned, passes.running());
    const about = { ref: change?.ref, hash: change?.after, ...(name !== undefined && { repository: name }) };
    log.at(isCovered ? 1 : 0, 'a sync was requested', { source, ...about, delivery: id, from, plan });
    return { target, plan, isCovered, outcome };
  }

  async function waitFor(all: readonly Due[], signal: AbortSignal): Promise<Reply> {
    const waitMs = Math.max(...all.map(({ target }) => target.waitMs));
    waiting += 1;
    try {
      const outcomes = await withSignal(signal, { timeoutMs: waitMs }, (ended) =>
        withSignal(stop, {}, (stopped) =>
          Promise.all(
            all.map(({ outcome }) =>
              untilAborted(untilAborted(outcome, ended), stopped).catch(() => undefined),
            ),
          ),
        ),
      );
      const [only] = outcomes;
      if (stop.aborted && outcomes.includes(undefined)) {
        return textReply(503, 'the process ends');
      }
      return outcomes.length === 1 ? resultOf(only, waitMs, redact) : resultsOf(all, outcomes, redact);
    } finally {
      waiting -= 1;
    }
  }

  return (asked, wanted) => {
    const all = wanted.map((each) => ask(asked, each));
    const outcome = all.every(({ isCovered }) => isCovered) ? 'coalesced' : 'accepted';
    count(asked.source, outcome);
    const [first] = wanted;
    const names = wanted.flatMap(({ target }) => target.name ?? []);
    const about = {
      ref: first?.change?.ref,
      hash: first?.change?.after,
      ...(names.length > 0 && { repositories: names }),
    };
    const plan = all.length === 1 ? (all[0]?.plan ?? '') : `${all.length} syncs were requested`;
    if (!asked.wantsResult) {
      return answer(outcome, plan, redact, about);
    }
    return waiting < MOST_WAITING
      ? waitFor(all, asked.signal)
      : answer(outcome, `${plan}; too many wait for its end already`, redact, about);
  };
}

/** The answer to `?wait=1` where several syncs were waited for: as bad as the worst of them. */
function resultsOf(
  all: readonly Due[],
  outcomes: readonly (PassOutcome | undefined)[],
  redact: (text: string) => string,
): Reply {
  const repositories = Object.fromEntries(
    all.map(({ target }, index) => {
      const { ok, ...rest } = outcomes[index] ?? { ok: undefined };
      const outcome = ok === undefined ? 'accepted' : ok ? 'synced' : 'failed';
      return [target.name ?? '', { outcome, ...rest }];
    }),
  );
  if (outcomes.some((each) => each?.ok === false)) {
    return jsonReply(
      500,
      { outcome: 'failed', message: 'not every sync has succeeded', repositories },
      redact,
    );
  }
  return outcomes.includes(undefined)
    ? jsonReply(
        202,
        { outcome: 'accepted', message: 'not every sync has ended; they go on', repositories },
        redact,
      )
    : jsonReply(200, { outcome: 'synced', message: 'every sync has succeeded', repositories }, redact);
}
