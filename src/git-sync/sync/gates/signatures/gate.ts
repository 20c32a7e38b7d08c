/** `--verify`: nothing is checked out, let alone published, that is not signed by a key that the user trusts. */
import type { Clock } from '../../../../core/clock.ts';
import type { PillionError } from '../../../../core/errors.ts';
import type { VerifyMode } from '../../../options/words.ts';
import type { Arrival, Gate, Seen } from '../../gate.ts';
import { createRefusals } from '../refusals.ts';
import { SIGNATURE_ERRORS } from './errors.ts';
import { createGitVerify } from './git-verify.ts';
import { createKeySource, type Keys, type KeysInit } from './keys.ts';
import type { Refusal } from './verdict.ts';

export interface SignatureGateInit extends KeysInit {
  readonly mode: Exclude<VerifyMode, 'off'>;
  /** The git program. */
  readonly program: string;
  readonly root: string;
  readonly clock: Clock;
  /** The object that the last fetch brought: a tag, where one was asked for. */
  readonly fetchedObject: () => Promise<string | undefined>;
}

/** Verified by one git, one after the other. */
const BATCH = 20;

function errorOf(hash: string, { kind, why }: Refusal): PillionError {
  return kind === 'unsigned'
    ? SIGNATURE_ERRORS.signature_missing({ hash, why })
    : SIGNATURE_ERRORS.signature_refused({ hash, why });
}

/** The first alone: it is the one that is mostly wrong, and the one that is told of. */
function batches([first, ...others]: readonly string[]): string[][] {
  const count = Math.ceil(others.length / BATCH);
  const rest = Array.from({ length: count }, (_, index) => others.slice(index * BATCH, (index + 1) * BATCH));
  return first === undefined ? [] : [[first], ...rest];
}

/** What a tag object must be called to stand at a ref. */
const tagName = (ref: string) => ref.replace(/^(refs\/)?tags\//, '');

export function createSignatureGate(init: SignatureGateInit): Gate {
  const { mode, clock, log } = init;
  const source = createKeySource(init);
  const git = createGitVerify(init);
  let admitted: string | undefined;
  const refusals = createRefusals<PillionError>(clock);
  /** The keys of the last refusal: others may find the same commit good. Undefined when nothing is refused. */
  let refusedBy: string | undefined;
  /** Commits that were found good: a long list must not start from its beginning when the time is over. */
  let proved: { readonly keys: string; readonly hashes: Set<string> } = { keys: '', hashes: new Set() };

  async function judgeTag({ hash, ref }: Arrival, keys: Keys, signal: AbortSignal): Promise<string> {
    const object = await init.fetchedObject();
    const unsigned = (why: string) => errorOf(hash, { kind: 'unsigned', why });
    const tag = object === undefined ? undefined : await git.readTag(object, keys, signal);
    if (object === undefined || object === hash || tag === undefined) {
      throw unsigned(`${ref} is no annotated tag`);
    }
    const verdict = await git.tag(object, keys, signal);
    if (verdict.kind !== 'good') {
      throw errorOf(hash, { ...verdict, why: `of the tag ${ref}: ${verdict.why}` });
    }
    // Whoever controls the server can give the name of one signed tag to another.
    if (tag.name !== tagName(ref) || tag.commit !== hash) {
      const why = `the tag at ${ref} was signed as ${JSON.stringify(tag.name.slice(0, 200))} for ${tag.commit}`;
      throw errorOf(hash, { kind: 'refused', why });
    }
    return verdict.by;
  }

  /** The commits that need a signature. */
  async function wanted({ hash, previous }: Arrival, keys: Keys, signal: AbortSignal): Promise<string[]> {
    const since = admitted ?? previous;
    if (mode !== 'all-new' || since === undefined) {
      return [hash];
    }
    const found = await git.newCommits(since, hash, keys, signal);
    if (found === undefined) {
      log.warn('what is published is no longer in the repository: only the newest commit is verified', {
        previous: since,
        hash,
      });
    }
    return [...new Set([hash, ...(found ?? [])])];
  }

  async function judgeCommits(arrival: Arrival, keys: Keys, signal: AbortSignal): Promise<string> {
    if (proved.keys !== keys.identity) {
      proved = { keys: keys.identity, hashes: new Set() };
    }
    const all = await wanted(arrival, keys, signal);
    let by = '';
    for (const batch of batches(all.filter((hash) => !proved.hashes.has(hash)))) {
      const { hash, verdict } = await git.commits(batch, keys, signal);
      if (verdict.kind !== 'good') {
        const why = hash === arrival.hash ? verdict.why : `of ${hash}, which is new with it: ${verdict.why}`;
        throw errorOf(arrival.hash, { ...verdict, why });
      }
      by ||= verdict.by;
      for (const each of batch) {
        proved.hashes.add(each);
      }
    }
    return by;
  }

  /** A tag that is made once more, and signed this time, may name the same commit. */
  const nameOf = async ({ hash, tag }: Seen) =>
    mode === 'tag' ? `${hash} ${tag ?? (await init.fetchedObject())}` : hash;

  return {
    isAdmitted: (hash) => hash === admitted,
    hasRefused: () => refusals.holds(),
    async refusal(seen, signal) {
      const error = refusedBy === undefined ? undefined : refusals.refusal(await nameOf(seen));
      if (error === undefined) {
        return undefined;
      }
      const keys = await source.load(signal);
      return keys.identity === refusedBy ? error : undefined;
    },
    async admit(arrival, signal) {
      const { hash } = arrival;
      const keys = await source.load(signal);
      try {
        const by = await (mode === 'tag' ? judgeTag : judgeCommits)(arrival, keys, signal);
        log.info('signature verified', { hash, mode, by });
      } catch (error) {
        if (
          SIGNATURE_ERRORS.signature_missing.matches(error) ||
          SIGNATURE_ERRORS.signature_refused.matches(error)
        ) {
          refusedBy = keys.identity;
          throw refusals.refuse(await nameOf({ hash }), error);
        }
        throw error;
      }
      admitted = hash;
      refusedBy = undefined;
      refusals.forget();
      proved.hashes.clear();
    },
  };
}
