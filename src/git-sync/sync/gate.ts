/** What must agree before a worktree is published: signatures, a validating hook. */

/** A commit that was fetched, before anything of it is checked out. */
export interface Arrival {
  readonly hash: string;
  /** The ref that it was found at. */
  readonly ref: string;
  /** The commit that is published now, if any is. */
  readonly previous?: string | undefined;
}

/** What the remote was seen to have, before it is fetched. */
export interface Seen {
  readonly hash: string;
  /** The tag object that the ref names, where it is known to name one. */
  readonly tag?: string | undefined;
}

export interface Candidate {
  readonly hash: string;
  /** The worktree, complete, that no link leads to yet. */
  readonly path: string;
  /** The commit that is published now, if any is. */
  readonly previous?: string | undefined;
}

export interface Gate {
  /** It has done its work in a tree that was published before, and is not asked again when there is a rollback to it. */
  readonly isForNew?: boolean;
  /** Asked about a tree that is published already as well. */
  readonly isForAll?: boolean;
  /** What a commit was refused with a moment ago, so that its worktree need not be built to hear the same. */
  refusal?(seen: Seen, signal: AbortSignal): Error | undefined | Promise<Error | undefined>;
  /** Whether it may be that `refusal` knows of a commit. */
  hasRefused?(): boolean;
  /** Whether this commit was the last that `admit` let pass; without this every commit was. */
  isAdmitted?(hash: string): boolean;
  /** Rejects when nothing of the commit may be checked out; the pass fails with that error. */
  admit?(arrival: Arrival, signal: AbortSignal): Promise<void>;
  /** Rejects when the worktree must not be published; the pass fails with that error, and what is published stays. */
  check?(candidate: Candidate, signal: AbortSignal): Promise<void>;
  /** Told why the tree of a commit could not be made or published. */
  failed?(hash: string, error: unknown): void;
}

/** Whether a commit that is published may be taken for what this process let pass. */
export function isAdmitted(gates: readonly Gate[], hash: string): boolean {
  return gates.every((gate) => gate.isAdmitted?.(hash) ?? true);
}

/** @throws what one of the gates has refused this commit with a moment ago */
export async function throwIfRefused(gates: readonly Gate[], seen: Seen, signal: AbortSignal): Promise<void> {
  for (const gate of gates) {
    const refusal = await gate.refusal?.(seen, signal);
    if (refusal !== undefined) {
      throw refusal;
    }
  }
}
