/** Asks git about signatures of commits and tags, with the given keys and no other configuration of gpg and ssh. */
import { type RunOutcome, tryRun } from '../../../../core/exec/run.ts';
import type { Keys } from './keys.ts';
import { refusalOf, signerOf, type Verdict } from './verdict.ts';

export interface GitVerify {
  /** Whether all of these commits are signed as they should be; the verdict is of the first that is not. */
  commits(hashes: readonly string[], keys: Keys, signal: AbortSignal): Promise<Judged>;
  /** The verdict on the signature of a tag object. */
  tag(object: string, keys: Keys, signal: AbortSignal): Promise<Verdict>;
  /** The name in a tag object, and the commit that it leads to; undefined for anything else. */
  readTag(object: string, keys: Keys, signal: AbortSignal): Promise<SignedTag | undefined>;
  /** The commits since another, newest first; undefined where that is not known any more. */
  newCommits(since: string, hash: string, keys: Keys, signal: AbortSignal): Promise<string[] | undefined>;
}

export interface SignedTag {
  readonly name: string;
  readonly commit: string;
}

export interface Judged {
  readonly hash: string;
  readonly verdict: Verdict;
}

export interface GitVerifyInit {
  readonly program: string;
  readonly root: string;
  readonly env: () => Readonly<Record<string, string>>;
}

const MAX_OUTPUT_BYTES = 256 * 1024;
/** The headers of a tag object that git makes are shorter. */
const MAX_TAG_HEADER = 8 * 1024;
/** More than that are no push but another repository. */
const MAX_NEW_COMMITS = 20_000;

const isDone = (outcome: RunOutcome) => outcome.exitCode === 0 && !outcome.timedOut && !outcome.aborted;

/** The value of the only line `key value` in the header of an object. */
function headerOf(text: string, key: string): string | undefined {
  const [header = ''] = text.split('\n\n', 1);
  const values = header.split('\n').filter((line) => line.startsWith(`${key} `));
  return values.length === 1 ? values[0]?.slice(key.length + 1) : undefined;
}

export function createGitVerify({ program, root, env }: GitVerifyInit): GitVerify {
  const run = async (
    args: readonly string[],
    keys: Keys,
    signal: AbortSignal,
    take?: (text: string) => void,
  ) => {
    let left = MAX_TAG_HEADER;
    const outcome = await tryRun(program, [...keys.config, ...args], {
      cwd: root,
      env: { ...env(), ...keys.env },
      signal,
      graceMs: 500,
      maxOutputBytes: MAX_OUTPUT_BYTES * 8,
      onOutput: (stream, chunk) => {
        if (take !== undefined && stream === 'stdout' && left > 0) {
          take(chunk.subarray(0, left).toString('utf8'));
          left -= chunk.length;
        }
      },
    });
    signal.throwIfAborted();
    return outcome;
  };

  const verdictOf = async (args: readonly string[], keys: Keys, signal: AbortSignal): Promise<Verdict> => {
    const outcome = await run(args, keys, signal);
    return isDone(outcome)
      ? { kind: 'good', by: signerOf(outcome.stderr) }
      : refusalOf(outcome.stderr.slice(-MAX_OUTPUT_BYTES));
  };

  return {
    async commits(hashes, keys, signal) {
      const [first = ''] = hashes;
      const all = await verdictOf(['verify-commit', '--raw', ...hashes], keys, signal);
      if (all.kind === 'good' || hashes.length === 1) {
        return { hash: first, verdict: all };
      }
      for (const hash of hashes) {
        const verdict = await verdictOf(['verify-commit', '--raw', hash], keys, signal);
        if (verdict.kind !== 'good') {
          return { hash, verdict };
        }
      }
      return { hash: first, verdict: all };
    },
    tag: (object, keys, signal) => verdictOf(['verify-tag', '--raw', object], keys, signal),
    async readTag(object, keys, signal) {
      let text = '';
      const shown = await run(['cat-file', 'tag', object], keys, signal, (part) => {
        text += part;
      });
      const name = headerOf(text, 'tag');
      const peeled = await run(['rev-parse', '--verify', `${object}^{commit}`], keys, signal);
      return isDone(shown) && isDone(peeled) && name !== undefined
        ? { name, commit: peeled.stdout.trim() }
        : undefined;
    },
    async newCommits(since, hash, keys, signal) {
      const max = `--max-count=${MAX_NEW_COMMITS + 1}`;
      const known = await run(['cat-file', '-e', `${since}^{commit}`], keys, signal);
      if (!isDone(known)) {
        return undefined;
      }
      const outcome = await run(['rev-list', max, hash, '--not', since, '--'], keys, signal);
      const found = outcome.stdout.split('\n').filter((line) => line !== '');
      if (!isDone(outcome) || outcome.stdoutTruncated || found.length > MAX_NEW_COMMITS) {
        throw new Error(
          `the commits from ${since} to ${hash} cannot be listed: ${outcome.stderr.slice(-300)}`,
        );
      }
      return found;
    },
  };
}
