/** What requests can start: the sync of the one repository of a process, or of each of several. Mostly pure. */
import type { Clock } from '../../../core/clock.ts';
import { withoutPassword } from '../../../git/public-url.ts';
import type { SyncObserver } from '../../sync/events.ts';
import type { SyncSpec } from '../../sync/spec.ts';
import type { Trigger } from '../trigger.ts';
import type { Push, RefChange } from './delivery.ts';
import { createPace, type Pace } from './pace.ts';
import { type Passes, watchPasses } from './passes.ts';
import { type Unseen, watchForUnseen } from './unseen.ts';
import { type Followed, followedName, judgePush } from './wanted.ts';

/** The longest that `?wait=1` waits, milliseconds. */
const LONGEST_WAIT_MS = 60_000;

export interface Target {
  /** Undefined where there is only one, which needs none. */
  readonly name: string | undefined;
  readonly followed: Followed;
  readonly pace: Pace;
  readonly passes: Passes;
  readonly unseen: Unseen;
  /** How long `?wait=1` waits, milliseconds. */
  readonly waitMs: number;
}

/** A target whose sync a request starts, and what was pushed there; undefined for a request that is no push. */
export interface Wanted {
  readonly target: Target;
  readonly change: RefChange | undefined;
}

export interface TargetInit {
  readonly name?: string | undefined;
  readonly spec: Pick<SyncSpec, 'repo' | 'follow' | 'syncTimeoutMs'>;
  readonly trigger: Pick<Trigger, 'request'>;
  readonly clock: Clock;
}

export interface OpenTarget extends Target {
  /** To be told what the sync does. */
  readonly observe: SyncObserver;
  close(): void;
}

export function createTarget({ name, spec, trigger, clock }: TargetInit): OpenTarget {
  const pace = createPace(trigger, clock);
  const passes = watchPasses();
  const unseen = watchForUnseen((why) => void pace.request(why));
  passes.onSuccess((hash) => unseen.found(hash));
  return {
    name,
    followed: { repo: withoutPassword(spec.repo), follow: spec.follow },
    pace,
    passes,
    unseen,
    waitMs: Math.min(spec.syncTimeoutMs, LONGEST_WAIT_MS),
    observe: passes.observe,
    close() {
      pace.close();
      unseen.close();
    },
  };
}

export type Matched =
  | { readonly kind: 'wanted'; readonly wanted: readonly Wanted[] }
  | { readonly kind: 'none'; readonly why: string };

/** Which syncs a push starts, or in words why none. */
export function matchPush(push: Push, targets: readonly Target[]): Matched {
  const judged = targets.map((target) => ({ target, judged: judgePush(push, target.followed) }));
  const wanted = judged.flatMap(({ target, judged: { wanted: isWanted, ...rest } }): Wanted[] =>
    isWanted && 'change' in rest ? [{ target, change: rest.change }] : [],
  );
  if (wanted.length > 0) {
    return { kind: 'wanted', wanted };
  }
  const [only] = judged;
  if (only !== undefined && judged.length === 1 && !only.judged.wanted) {
    return { kind: 'none', why: only.judged.why };
  }
  const near = judged.find(({ judged: each }) => !each.wanted && each.isRepository);
  const why = near?.judged.wanted === false ? ` (${near.judged.why})` : '';
  return { kind: 'none', why: `the push concerns none of the ${targets.length} repositories${why}` };
}

/** Which syncs a request starts that is no push: that of the named repository, or all. */
export function matchRequest(name: string | null, targets: readonly Target[]): Matched {
  if (name === null || targets.every((target) => target.name === undefined)) {
    return { kind: 'wanted', wanted: targets.map((target) => ({ target, change: undefined })) };
  }
  const named = targets.filter((target) => target.name === name);
  return named.length > 0
    ? { kind: 'wanted', wanted: named.map((target) => ({ target, change: undefined })) }
    : { kind: 'none', why: 'there is no repository of this name' };
}

/** What a sender who tries the hook is told. */
export function pingAnswer(targets: readonly Target[]): string {
  const [only] = targets;
  if (only === undefined || targets.length > 1) {
    return `the hook works: a push to what one of the ${targets.length} repositories follows starts its sync`;
  }
  const { repo, follow } = only.followed;
  return `the hook works: a push to ${followedName(follow)} of ${repo} starts a sync`;
}
