/** The profiles of all sources, read again while the server runs, and used as a whole. */
import type { Clock } from '../../../core/clock.ts';
import { errorMessage } from '../../../core/errors.ts';
import type { Log } from '../../../core/log/log.ts';
import { builtInProfiles } from '../../built-in/profiles.ts';
import { mergeProfiles, type ProfileFinding, type ProfileText } from '../../profiles/merge.ts';
import type { Profile, Profiles } from '../../profiles/profile.ts';
import type { ProfileSource } from './sources.ts';

const POLL_MS = 10_000;

export interface ProfileStore {
  /** All that can be asked for now. Replaced as a whole, never changed. */
  profiles(): Profiles;
  /** What the last reading found wrong. */
  findings(): readonly ProfileFinding[];
  /** Why not all of them are known yet; undefined as soon as every source was read once. */
  problem(): string | undefined;
  /**
   * Reads all sources once. One that cannot be read keeps neither the others nor what it had before from being used;
   * rejects only where a source that is required cannot be read at the first time.
   */
  refresh(signal: AbortSignal): Promise<void>;
  /** Reads again and again until the signal is aborted. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface ProfileStoreDeps {
  readonly sources: readonly ProfileSource[];
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs?: number;
}

interface Known {
  readonly source: ProfileSource;
  texts: readonly ProfileText[] | undefined;
  failure: string | undefined;
}

export function createProfileStore(deps: ProfileStoreDeps): ProfileStore {
  const { clock, log, pollMs = POLL_MS } = deps;
  const known: Known[] = deps.sources.map((source) => ({ source, texts: undefined, failure: undefined }));
  let own: ReadonlyMap<string, Profile> = new Map();
  let all: Profiles = builtInProfiles();
  let findings: readonly ProfileFinding[] = [];
  let seen: string | undefined;

  async function read(each: Known, signal: AbortSignal): Promise<void> {
    try {
      each.texts = await each.source.read(signal);
      each.failure = undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (each.texts === undefined && each.source.isRequired) {
        throw error;
      }
      const failure = errorMessage(error);
      if (failure !== each.failure) {
        each.failure = failure;
        log.error('profiles cannot be read: those in use stay', error, { source: each.source.name });
      }
    }
  }

  async function refresh(signal: AbortSignal): Promise<void> {
    for (const each of known) {
      await read(each, signal);
    }
    const texts = known.flatMap((each) => each.texts ?? []);
    const content = contentOf(texts);
    if (content !== seen) {
      use(texts, seen === undefined);
      seen = content;
    }
  }

  function use(texts: readonly ProfileText[], isFirst: boolean): void {
    const merged = mergeProfiles(texts, own);
    own = merged.profiles;
    findings = merged.findings;
    all = new Map([...builtInProfiles(), ...own]);
    for (const { file, line, message, keepsLast } of findings) {
      const note = keepsLast ? { inUse: 'the last good version' } : {};
      log.error('a profile is wrong', undefined, { place: `${file}:${line}`, problem: message, ...note });
    }
    if (!isFirst || own.size > 0) {
      log.info('profiles read', { own: [...own.keys()], findings: findings.length });
    }
  }

  return {
    profiles: () => all,
    findings: () => findings,
    problem() {
      const unread = known.find(
        ({ texts, source, failure }) => texts === undefined && !source.isOptional(failure),
      );
      return unread && `profiles of ${unread.source.name} have not been read yet`;
    },
    refresh,
    async follow(signal) {
      while (known.length > 0 && !signal.aborted) {
        await clock.sleep(pollMs, signal);
        await refresh(signal).catch((error: unknown) => {
          signal.throwIfAborted();
          log.error('profiles cannot be read: those in use stay', error);
        });
      }
    },
  };
}

function contentOf(texts: readonly ProfileText[]): string {
  return JSON.stringify(texts.map(({ namespaces, ...rest }) => [rest, [...(namespaces ?? [])]]));
}
