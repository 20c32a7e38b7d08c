/** Texts of a profile: `--repo=${repo}`. `${name}` stands for a parameter's value, `$${` for `${` itself. */

export type LeafPart = string | { readonly parameter: string };

const REFERENCE = /\$(\$?)\{([^{}]*)\}/g;
const NAME = /^[a-z][a-z0-9-]*$/;

/** The parts of a text in their order; an error in words when a reference cannot be read. */
export function parseLeaf(text: string): readonly LeafPart[] | { readonly problem: string } {
  const parts: LeafPart[] = [];
  let literal = '';
  let from = 0;
  for (const match of text.matchAll(REFERENCE)) {
    literal += text.slice(from, match.index);
    from = match.index + match[0].length;
    const [whole, escape, name = ''] = match;
    if (escape === '$') {
      literal += whole.slice(1);
      continue;
    }
    if (!NAME.test(name)) {
      return { problem: `${whole} names no parameter; write $${whole} for the text itself` };
    }
    if (literal !== '') {
      parts.push(literal);
    }
    literal = '';
    parts.push({ parameter: name });
  }
  literal += text.slice(from);
  return literal === '' && parts.length > 0 ? parts : [...parts, literal];
}

/** The names that a text refers to. */
export function leafParameters(parts: readonly LeafPart[]): string[] {
  return parts.flatMap((part) => (typeof part === 'string' ? [] : [part.parameter]));
}

/**
 * Whether a value could become part of a reference that kubelet expands: it follows a `$`, or stands inside an open
 * `$(...`. The value's own dollar signs are doubled, those of the profile around it are not.
 */
export function couldExpand(parts: readonly LeafPart[]): boolean {
  let before = '';
  for (const part of parts) {
    if (typeof part !== 'string') {
      if (endsInReference(before)) {
        return true;
      }
      // Whatever the value is, it is not the end of a reference that was closed before it.
      before += 'x';
      continue;
    }
    before += part;
  }
  return false;
}

/** Kubelet reads from the left: `$$` is a dollar sign, `$(` opens a reference, which ends at the next `)`. */
function endsInReference(text: string): boolean {
  let at = 0;
  while (at < text.length) {
    if (text[at] !== '$') {
      at += 1;
    } else if (text[at + 1] === undefined) {
      return true;
    } else if (text[at + 1] === '(') {
      const end = text.indexOf(')', at);
      if (end === -1) {
        return true;
      }
      at = end + 1;
    } else {
      at += 2;
    }
  }
  return false;
}

/** A value as kubelet's expansion of command, args and env gives it back unchanged. */
export function withoutExpansion(value: string): string {
  return value.replaceAll('$', '$$$$');
}
