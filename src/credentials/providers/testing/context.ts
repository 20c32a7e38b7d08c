import type { SourceContext } from '../source.ts';

export interface RecordedContext extends SourceContext {
  /** What was declared secret, by slot. */
  readonly secrets: Map<string, string>;
  readonly warnings: string[];
}

export function recordedContext(env: Readonly<Record<string, string>> = {}): RecordedContext {
  const secrets = new Map<string, string>();
  const warnings: string[] = [];
  return {
    env: { PATH: process.env['PATH'], ...env },
    now: () => Date.now(),
    secret: (slot, value) => void secrets.set(slot, value),
    warn: (message) => void warnings.push(message),
    secrets,
    warnings,
  };
}
