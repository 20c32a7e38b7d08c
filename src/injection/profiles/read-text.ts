/** Profiles in a text of YAML: every document that is one, and everything that is wrong with its place. */
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { isNestedTooDeeply } from '../../core/options/yaml-nesting.ts';
import { yamlOffset } from '../../core/options/yaml-place.ts';
import { textAt } from '../../kubernetes/json.ts';
import { PREFIX } from '../annotations.ts';
import { splitDocuments } from '../offline/documents.ts';
import { sentence, yamlProblem } from '../text.ts';
import type { Profile } from './profile.ts';
import { readProfile } from './read-profile.ts';
import { KIND } from './source.ts';

export interface PlacedProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
  /** The profile that it keeps out, as far as it has a name. */
  readonly profile: string | undefined;
}

export interface ReadText {
  readonly profiles: readonly Profile[];
  readonly problems: readonly PlacedProblem[];
}

/** More than any folder of profiles holds; a larger text is somebody's mistake or attack. */
export const LARGEST_TEXT = 1 << 20;

/** Reads all documents of a text; one that is wrong keeps no other out. Documents of other kinds are passed over. */
export function readProfiles(text: string, origin: string): ReadText {
  if (text.length > LARGEST_TEXT) {
    const message = `is larger than ${LARGEST_TEXT} characters`;
    return { profiles: [], problems: [{ line: 1, message, profile: undefined }] };
  }
  if (isNestedTooDeeply(text)) {
    return { profiles: [], problems: [{ line: 1, message: 'is nested too deeply', profile: undefined }] };
  }
  // One by one: a quote that is not closed would take all that follows with it.
  const results = splitDocuments(text).flatMap((part) => {
    const lines = new LineCounter();
    const parsed = parseAllDocuments(part.text, { lineCounter: lines, prettyErrors: false });
    const documents: readonly Document[] = Array.isArray(parsed) ? parsed : [];
    const lineAt = (at: number): number => part.line + lines.linePos(at).line - 1;
    return documents.map((document) => readDocument(document, origin, lineAt));
  });
  return {
    profiles: results.flatMap(({ profiles }) => profiles),
    problems: results.flatMap(({ problems }) => problems),
  };
}

function readDocument(document: Document, origin: string, lineAt: (at: number) => number): ReadText {
  const wrong = (at: number, message: string, profile?: string): PlacedProblem => {
    return { line: lineAt(at), message: sentence(message), profile };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    return { profiles: [], problems: [wrong(error.pos[0], `not readable as YAML: ${yamlProblem(error)}`)] };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (failure) {
    return { profiles: [], problems: [wrong(0, yamlProblem(failure))] };
  }
  if (textAt(value, 'kind') !== KIND) {
    // Others may stand in the same folder, but what claims to be ours has a slip in its kind.
    const isOurs = textAt(value, 'apiVersion')?.startsWith(PREFIX) === true;
    const at = yamlOffset(document, ['kind']);
    return { profiles: [], problems: isOurs ? [wrong(at, `kind: must be ${KIND}`)] : [] };
  }
  const result = readProfile(value, origin);
  if ('profile' in result) {
    return { profiles: [result.profile], problems: [] };
  }
  const problems = result.problems.map(({ path, message }) =>
    wrong(yamlOffset(document, path), `${path.join('.')}: ${message}`, result.name),
  );
  return { profiles: [], problems };
}
