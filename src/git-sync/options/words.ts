/** Values that are one word of a list. */

export const SUBMODULE_MODES = ['recursive', 'shallow', 'off'] as const;
export const GC_MODES = ['auto', 'always', 'aggressive', 'off'] as const;
export const PUBLISH_MODES = ['symlink', 'copy'] as const;
export const FOREIGN_FILE_MODES = ['keep', 'remove'] as const;

export const VERIFY_MODES = ['head', 'tag', 'all-new', 'off'] as const;
export type VerifyMode = (typeof VERIFY_MODES)[number];

export const REUSE_MODES = ['auto', 'on', 'off'] as const;

export const CREDENTIAL_SCOPES = ['host', 'repository'] as const;

/** The word of the list that a text is. */
export function oneOf<const T extends string>(words: readonly T[], text: string): T | undefined {
  return words.find((word) => word === text);
}

/** The lines of all texts that have anything in them. */
export function linesOf(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '');
}
