/** What a syntax needs to know of an option to cut a command line into flags. */
export interface FlagShape {
  readonly key: string;
  readonly boolean: boolean;
}

export interface FlagLookup {
  long(name: string): FlagShape | undefined;
  short(letter: string): FlagShape | undefined;
}

/** One use of a flag: which option, the spelled value, and how the user wrote the flag. */
export interface FlagUse {
  readonly key: string;
  readonly value: string;
  readonly spelled: string;
}

export interface FlagError {
  readonly message: string;
  /** The name that no option has, when that is what is wrong. */
  readonly unknown?: string;
}

/** The flags up to the first error, in the order they were given. */
export interface ParsedFlags {
  readonly uses: readonly FlagUse[];
  readonly positionals: readonly string[];
  readonly error?: FlagError;
}

export type FlagSyntax = (argv: readonly string[], lookup: FlagLookup) => ParsedFlags;
