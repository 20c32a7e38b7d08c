/** Profiles of folders, read again while the server runs: a Secret or ConfigMap that is mounted changes as a whole. */
import type { Clock } from '../../core/clock.ts';
import { isPillionError } from '../../core/errors.ts';
import type { Log } from '../../core/log/log.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { builtInProfiles } from '../built-in/profiles.ts';
import { readFiles } from '../cli/input.ts';
import { mergeProfiles, type ProfileFinding } from '../profiles/merge.ts';
import type { Profile, Profiles } from '../profiles/profile.ts';

const POLL_MS = 10_000;

export interface ProfileStore {
  /** All that can be asked for now. Replaced as a whole, never changed. */
  profiles(): Profiles;
  /** What the last reading found wrong. */
  findings(): readonly ProfileFinding[];
  /** Reads once. */
  refresh(signal: AbortSignal): Promise<void>;
  /** Reads again and again until the signal is aborted. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface ProfileStoreDeps {
  readonly cwd: string;
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs?: number;
}

export function createProfileStore(deps: ProfileStoreDeps): ProfileStore {
  const { cwd, names, clock, log, pollMs = POLL_MS } = deps;
  let own: ReadonlyMap<string, Profile> = new Map();
  let all: Profiles = builtInProfiles();
  let findings: readonly ProfileFinding[] = [];
  let seen: string | undefined;

  async function refresh(signal: AbortSignal): Promise<void> {
    const texts = await untilAborted(readFiles(cwd, names), signal);
    const content = JSON.stringify(texts);
    if (content === seen) {
      return;
    }
    const merged = mergeProfiles(texts, own);
    const isFirst = seen === undefined;
    seen = content;
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

  async function refreshOrTell(signal: AbortSignal): Promise<void> {
    try {
      await refresh(signal);
    } catch (error) {
      signal.throwIfAborted();
      log.error('profiles cannot be read: those in use stay', isPillionError(error) ? error : undefined);
    }
  }

  return {
    profiles: () => all,
    findings: () => findings,
    refresh,
    async follow(signal) {
      while (names.length > 0 && !signal.aborted) {
        await clock.sleep(pollMs, signal);
        await refreshOrTell(signal);
      }
    },
  };
}
