/** Which images may be put into pods, as whoever installs injection says it: one list for the engine and for policies. */
import { strings } from '../../core/options/value-types.ts';
import { type Cel, cel } from '../cel.ts';
import { quoted } from '../text.ts';
import { patternsOf } from './entry.ts';

/** `--allow-image`. */
export const ALLOW_IMAGE_OPTION = {
  flag: 'allow-image',
  type: strings,
  default: [],
  help: 'Only images of this registry (registry.example), repository and below (registry.example/team), tag (nginx:1.27) or digest (nginx@sha256:HEX, or @sha256:HEX alone) are put into pods; with @digest at the end of a registry or repository they must name their digest. A list with commas, and may be given again; without it every image may.',
  check: (values: readonly string[]): string | undefined => {
    const bad = entriesOf(values).find((value) => patternsOf(value) === undefined);
    return bad === undefined
      ? undefined
      : `${quoted(bad)} must be a registry, a repository, or one of them with @digest; a repository with :TAG or @sha256:HEX; or @sha256:HEX`;
  },
} as const;

/** An environment variable has one value: a list in it is one with commas, which no reference has. */
function entriesOf(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(','));
}

export interface AllowedImages {
  /** As they were written; none for every image. */
  readonly entries: readonly string[];
  allows(reference: string): boolean;
  /** The same as a boolean expression over `reference`, itself an expression for a text. */
  allowsCel(reference: Cel): Cel;
}

/** Nothing that names an image is longer: 255 characters of name, a tag and a digest. */
const LONGEST_REFERENCE = 520;

/**
 * What starts like a registry, and what a runtime takes for the identifier of an image that the node has, whoever's it is:
 * containerd reads `sha256:HEX` as one before it looks for a repository of that name.
 */
const NO_SHORT_NAME = '^(?:localhost/|(?:sha256|sha384|sha512):|[a-f0-9]{64}$)';

/** @param values as given to the option, whose check lets nothing through that has no pattern */
export function allowedImages(values: readonly string[]): AllowedImages {
  const entries = entriesOf(values);
  const all = entries.flatMap((entry) => patternsOf(entry) ?? []);
  const joined = (isShort: boolean) => {
    const some = all.filter((each) => each.isShort === isShort).map(({ pattern }) => pattern);
    return some.length === 0 ? undefined : `^(?:${some.join('|')})$`;
  };
  const [full, short] = [joined(false), joined(true)];
  const matches = (pattern: string | undefined) => {
    const expression = pattern === undefined ? undefined : new RegExp(pattern);
    return (text: string) => expression?.test(text) ?? false;
  };
  const [isFull, isShort, isNoShortName] = [matches(full), matches(short), matches(NO_SHORT_NAME)];
  return {
    entries,
    allows: (reference) =>
      entries.length === 0 ||
      (reference.length <= LONGEST_REFERENCE &&
        (isFull(reference) || (isShort(reference) && !isNoShortName(reference)))),
    allowsCel: (reference) => (entries.length === 0 ? cel`true` : allowsCel(reference, full, short)),
  };
}

function allowsCel(reference: Cel, full: string | undefined, short: string | undefined): Cel {
  const isFull = full === undefined ? cel`false` : cel`${reference}.matches(${full})`;
  const isShort =
    short === undefined
      ? cel`false`
      : cel`${reference}.matches(${short}) && !${reference}.matches(${NO_SHORT_NAME})`;
  return cel`size(${reference}) <= ${LONGEST_REFERENCE} && (${isFull} || (${isShort}))`;
}

/** Follow the name of the instance, and the image in quotes. */
export const IMAGE_WORDS = {
  before: ': the image ',
  after: ({ entries }: AllowedImages) => ` may not be used here; allowed are ${entries.join(', ')}`,
};
