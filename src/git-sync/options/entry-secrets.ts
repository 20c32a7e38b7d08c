/** What is secret in an option whose values are JSON with several parts. */
import { REDACTED } from '../../core/log/secrets.ts';
import type { SecretParts } from '../../core/options/secrecy.ts';
import type { FoundSecret } from '../../core/options/url-secrets.ts';

/** Of a value that cannot be parsed nothing is known: none of it is shown. */
export function entrySecrets<T>(
  parse: (text: string) => readonly T[],
  find: (entry: T) => readonly FoundSecret[],
  show: (entries: readonly T[]) => string,
): SecretParts {
  const entriesOf = (text: string): readonly T[] | undefined => {
    try {
      return parse(text);
    } catch {
      return undefined;
    }
  };
  return {
    find: (text) => (entriesOf(text) ?? []).flatMap(find),
    show(text) {
      const entries = entriesOf(text);
      return entries === undefined ? REDACTED : show(entries);
    },
  };
}
