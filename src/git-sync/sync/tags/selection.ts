/** `--ref=semver:<range>` and `--ref=tags:<pattern>`: the newest tag of those that match. */
import { bestTag, type RefQuery } from '../../../git/remote/ref-query.ts';
import { compareVersions, isInRange, parseRange, parseVersion, type Range, type Version } from './semver.ts';
import { compareNames, createPattern } from './version-order.ts';

/** A ref cannot hold a colon, so nothing else begins like this. */
const SEMVER = 'semver:';
const TAGS = 'tags:';
/** Git itself takes no longer names on most file systems. */
const LONGEST_NAME = 255;
// What no name of a tag can hold; `*` is the pattern's own.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NEVER_IN_A_TAG = /[\u0000-\u0020\u007f~^:?[\\]|\.\.|@\{|^[-/]|[/.]$/;

/** Whether a ref is a rule by which one of many tags is chosen. */
export function isSelection(ref: string): boolean {
  return ref.startsWith(SEMVER) || ref.startsWith(TAGS);
}

/** What is wrong with such a rule, if anything is. */
export function selectionProblem(ref: string): string | undefined {
  if (ref.startsWith(SEMVER)) {
    return parseRange(ref.slice(SEMVER.length)) === undefined
      ? "must be a range of versions after 'semver:', like ^1.2, ~1.4.2, >=1.2 <2, 1.x || 3.x, or *"
      : undefined;
  }
  const pattern = ref.slice(TAGS.length);
  return pattern === '' || pattern.length > LONGEST_NAME || NEVER_IN_A_TAG.test(pattern)
    ? "must have the name of a tag after 'tags:', in which * stands for any text"
    : undefined;
}

/** Versions of tags are asked for again and again while a list is read: only those of the last two are kept. */
function semverQuery(range: Range): RefQuery {
  let best: { readonly tag: string; readonly version: Version } | undefined;
  const versionOf = (tag: string) => (best?.tag === tag ? best.version : parseVersion(tag));
  return bestTag({
    isCandidate(tag) {
      const version = parseVersion(tag);
      return version !== undefined && isInRange(version, range);
    },
    compare(tag, former) {
      const [one, other] = [versionOf(tag), versionOf(former)];
      const order = one && other ? compareVersions(one, other) : 0;
      // 1.2.3 and v1.2.3, or with different builds: the same for everybody, in whatever order they are listed.
      const result = order === 0 ? compareNames(tag, former) : order;
      if (result > 0 && one !== undefined) {
        best = { tag, version: one };
      }
      return result;
    },
  });
}

/** The question to the remote for such a rule, which has no problem. */
export function selectionQuery(ref: string): RefQuery {
  if (ref.startsWith(SEMVER)) {
    return semverQuery(parseRange(ref.slice(SEMVER.length)) ?? []);
  }
  const matches = createPattern(ref.slice(TAGS.length));
  return bestTag({
    isCandidate: (tag) => tag.length <= LONGEST_NAME && matches(tag),
    compare: compareNames,
  });
}

/** Whether a tag, by its name without `refs/tags/`, is one of those that a rule chooses from. */
export function createTagFilter(ref: string): (tag: string) => boolean {
  const query = selectionQuery(ref);
  return (tag) => query.start().wants(`refs/tags/${tag}`);
}
