const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text from a file with what a terminal would act on or hide (escapes, control and format characters) spelled out. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** Blanks that no cron takes for one: they come with text that is copied from web pages and documents. */
const ODD_BLANK = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/;
const NAMES: Readonly<Record<string, string>> = {
  '\u00a0': 'a no-break space',
  '\u200b': 'a zero-width space',
  '\ufeff': 'a byte order mark',
};

/** The first such blank in a text: where it is, and its name. */
export function findOddBlank(text: string): { offset: number; name: string } | undefined {
  const [character] = ODD_BLANK.exec(text) ?? [];
  if (character === undefined) {
    return undefined;
  }
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return {
    offset: text.indexOf(character),
    name: `${NAMES[character] ?? 'an unusual space'} (U+${code})`,
  };
}

/** Signs that word processors and chats put in place of those a schedule is written with. */
const LOOKALIKES: Readonly<Record<string, readonly [meant: string, name: string]>> = {
  '\u2010': ['-', 'a hyphen'],
  '\u2011': ['-', 'a no-break hyphen'],
  '\u2013': ['-', 'an en dash'],
  '\u2014': ['-', 'an em dash'],
  '\u2212': ['-', 'a minus sign'],
  '\u2217': ['*', 'an asterisk operator'],
  '\uff0a': ['*', 'a full-width asterisk'],
  '\u00d7': ['*', 'a multiplication sign'],
  '\u2044': ['/', 'a fraction slash'],
  '\u2215': ['/', 'a division slash'],
  '\uff0c': [',', 'a full-width comma'],
};

const LOOKALIKE = new RegExp(`[${Object.keys(LOOKALIKES).join('')}]`);

/** The first such sign in a text: where it is, its name, and what was meant. */
export function findLookalike(text: string): { offset: number; name: string; meant: string } | undefined {
  const match = LOOKALIKE.exec(text);
  const found = LOOKALIKES[match?.[0] ?? ''];
  if (match === null || found === undefined) {
    return undefined;
  }
  const [meant, name] = found;
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return { offset: match.index, name: `${name} (U+${code})`, meant };
}
