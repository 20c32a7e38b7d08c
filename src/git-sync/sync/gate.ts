/** What must agree before a worktree is published: signatures, a validating hook. */

export interface Candidate {
  readonly hash: string;
  /** The worktree, complete, that no link leads to yet. */
  readonly path: string;
  /** The commit that is published now, if any is. */
  readonly previous?: string | undefined;
}

export interface Gate {
  /** What a commit was refused with a moment ago, so that its worktree need not be built to hear the same. */
  refusal?(hash: string): Error | undefined;
  /** Rejects when the worktree must not be published; the pass fails with that error, and what is published stays. */
  check(candidate: Candidate, signal: AbortSignal): Promise<void>;
}

/** @throws what one of the gates has refused this commit with a moment ago */
export function throwIfRefused(gates: readonly Gate[], hash: string): void {
  for (const gate of gates) {
    const refusal = gate.refusal?.(hash);
    if (refusal !== undefined) {
      throw refusal;
    }
  }
}
