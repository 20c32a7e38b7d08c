/** What must agree before a worktree is published: signatures, a validating hook. */

export interface Candidate {
  readonly hash: string;
  /** The worktree, complete, that no link leads to yet. */
  readonly path: string;
}

export interface Gate {
  /** Rejects when the worktree must not be published; the pass fails with that error, and what is published stays. */
  check(candidate: Candidate, signal: AbortSignal): Promise<void>;
}
