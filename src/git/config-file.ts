/** Writes git's configuration format (git-config(1), "Syntax"). */
import { defineErrors } from '../core/errors.ts';
import type { GitConfigPair } from './settings.ts';

interface KeyParts {
  readonly section: string;
  readonly subsection: string | undefined;
  readonly name: string;
}

export const CONFIG_ERRORS = defineErrors({
  git_config_invalid: {
    message: ({ key }: { readonly key: string }) => `invalid git config key ${JSON.stringify(key)}`,
    hint: 'a key is section.name or section.subsection.name, e.g. http.sslVerify:false',
  },
});

/** Splits `section.sub.section.name` at the first and the last dot, as git does. */
export function splitConfigKey(key: string): KeyParts {
  const first = key.indexOf('.');
  const last = key.lastIndexOf('.');
  const section = key.slice(0, Math.max(0, first));
  const name = key.slice(last + 1);
  const subsection = last > first ? key.slice(first + 1, last) : undefined;
  const valid = /^[A-Za-z0-9-]+$/.test(section) && /^[A-Za-z][A-Za-z0-9-]*$/.test(name);
  if (!valid || (subsection !== undefined && /[\n\0]/.test(subsection))) {
    throw CONFIG_ERRORS.git_config_invalid({ key });
  }
  return { section, subsection, name };
}

const escapeSubsection = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

function escapeValue(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\b', '\\b');
  return `"${escaped}"`;
}

/** The key as git compares keys: section and name without case, the subsection with. */
function canonicalKey(parts: KeyParts): string {
  const middle = parts.subsection === undefined ? '' : `.${parts.subsection}`;
  return `${parts.section.toLowerCase()}${middle}.${parts.name.toLowerCase()}`;
}

/**
 * The text of a configuration file. A key given twice keeps its last value, as `git config KEY VALUE` would,
 * except for keys in `multiple`, which keep all.
 * @throws PillionError `git_config_invalid` for a key git would not accept.
 */
export function renderGitConfig(
  pairs: readonly GitConfigPair[],
  multiple: ReadonlySet<string> = new Set(),
): string {
  const kept = new Map<string, { parts: KeyParts; values: string[] }>();
  for (const { key, value } of pairs) {
    const parts = splitConfigKey(key);
    const canonical = canonicalKey(parts);
    if (value.includes('\0')) {
      throw CONFIG_ERRORS.git_config_invalid({ key });
    }
    const entry = kept.get(canonical);
    if (entry && multiple.has(canonical)) {
      entry.values.push(value);
    } else {
      kept.set(canonical, { parts, values: [value] });
    }
  }
  const lines: string[] = [];
  let current = '';
  for (const { parts, values } of kept.values()) {
    const sub = parts.subsection === undefined ? '' : ` "${escapeSubsection(parts.subsection)}"`;
    const header = `[${parts.section}${sub}]`;
    if (header !== current) {
      lines.push(header);
      current = header;
    }
    lines.push(...values.map((value) => `\t${parts.name} = ${escapeValue(value)}`));
  }
  return `${lines.join('\n')}\n`;
}
