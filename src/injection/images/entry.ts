/**
 * One entry of the list of allowed images -> a regular expression over references as they are written. Names are read as
 * container runtimes read them (`nginx` is `docker.io/library/nginx`), and compared component by component.
 */

/** What an entry stands for: the ends of the expressions for its references, without anchors. */
export interface ImagePattern {
  readonly pattern: string;
  /** It begins without a registry, where what looks like one must not be taken for a part of the name. */
  readonly isShort: boolean;
}

/** A component of a repository's name; the second one cannot be taken for a registry. */
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const PLAIN_COMPONENT = '[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*';
const HOST_LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
/** A name, or an IPv6 address in brackets, and maybe a port. */
const HOST = `(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})';

const IS_COMPONENT = new RegExp(`^${COMPONENT}$`);
const IS_HOST = new RegExp(`^${HOST}$`);
const IS_TAG = new RegExp(`^${TAG}$`);
const IS_DIGEST = new RegExp(`^${DIGEST}$`);
/** A digest without the @ in front of it would be a tag of a repository with the name of an algorithm. */
const LIKE_DIGEST = /^sha(?:256|384|512):/;

const HUB = 'docker.io';
const HUB_NAMES = '(?:index\\.)?docker\\.io/';
const OFFICIAL = 'library';
/** `PREFIX@digest`: whatever is allowed there has to name its digest. */
const ANY_DIGEST = 'digest';

interface Entry {
  readonly host: string;
  readonly path: readonly string[];
  /** What stands below the path counts too: always, or alone. */
  readonly below: 'also' | 'only' | 'no';
  /** The expression for a tag, a digest, or both. */
  readonly tail: string;
}

/** The patterns of an entry; undefined for what is none. */
export function patternsOf(text: string): readonly ImagePattern[] | undefined {
  const at = text.indexOf('@');
  const name = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (LIKE_DIGEST.test(name) || (digest !== undefined && digest !== ANY_DIGEST && !IS_DIGEST.test(digest))) {
    return undefined;
  }
  if (name === '') {
    return digest === undefined || digest === ANY_DIGEST ? undefined : anywhere(digest);
  }
  const entry = readName(name, digest);
  return entry && (entry.host === HUB ? hubPatterns(entry) : [{ pattern: foreign(entry), isShort: false }]);
}

/** This digest, whatever it is called: it says by itself what is in the image. */
function anywhere(digest: string): ImagePattern[] {
  const below = `(?:/${COMPONENT})+`;
  const name = `(?:${HOST}${below}|${PLAIN_COMPONENT}${below}|${COMPONENT})`;
  return [{ pattern: `${name}(?::${TAG})?@${digest}`, isShort: false }];
}

function readName(name: string, digest: string | undefined): Entry | undefined {
  const isFolder = name.endsWith('/');
  const components = (isFolder ? name.slice(0, -1) : name).split('/');
  const [first = ''] = components;
  const hasHost = components.length > 1 || isFolder ? isHostLike(first) : isRegistry(first);
  const host = hasHost ? first : HUB;
  const rest = hasHost ? components.slice(1) : components;
  const last = rest.at(-1) ?? '';
  const colon = isFolder ? -1 : last.indexOf(':');
  const tag = colon === -1 ? undefined : last.slice(colon + 1);
  const path = colon === -1 ? rest : [...rest.slice(0, -1), last.slice(0, colon)];
  const isExact = tag !== undefined || (digest !== undefined && digest !== ANY_DIGEST);
  const isWrong =
    !IS_HOST.test(host) ||
    !path.every((component) => IS_COMPONENT.test(component)) ||
    (tag !== undefined && (!IS_TAG.test(tag) || digest !== undefined)) ||
    (isExact && (isFolder || path.length === 0));
  if (isWrong) {
    return undefined;
  }
  const isWhole = isFolder || path.length === 0;
  return {
    ...onHub(host, path, isWhole, isExact),
    below: isExact ? 'no' : isWhole ? 'only' : 'also',
    tail: tailOf(tag, digest),
  };
}

/** As Docker tells the registry from the name that follows it. */
function isHostLike(first: string): boolean {
  return first.includes('.') || first.includes(':') || first === 'localhost';
}

/** Of a word alone, which as a reference would be a name: whoever writes `registry.example` means the registry. */
function isRegistry(word: string): boolean {
  const [name = ''] = word.split(':');
  return name.includes('.') || name === 'localhost' || name.startsWith('[');
}

/** The Hub has two names, and its images without an owner are in a folder, which may be named as such. */
function onHub(
  host: string,
  path: readonly string[],
  isWhole: boolean,
  isExact: boolean,
): Pick<Entry, 'host' | 'path'> {
  if (host !== HUB && host !== `index.${HUB}`) {
    return { host, path };
  }
  const isOfficial = !isWhole && path.length === 1 && (isExact || path[0] !== OFFICIAL);
  return { host: HUB, path: isOfficial ? [OFFICIAL, ...path] : path };
}

function tailOf(tag: string | undefined, digest: string | undefined): string {
  if (tag !== undefined) {
    // Next to a digest a tag decides nothing. Without a tag, runtimes take the latest.
    return tag === 'latest' ? '(?::latest)?' : `:${escaped(tag)}`;
  }
  if (digest === undefined) {
    return `(?::${TAG})?(?:@${DIGEST})?`;
  }
  return `(?::${TAG})?@${digest === ANY_DIGEST ? DIGEST : digest}`;
}

const BELOW = { also: `(?:/${COMPONENT})*`, only: `(?:/${COMPONENT})+`, no: '' } as const;

function foreign({ host, path, below, tail }: Entry): string {
  return [host, ...path].map(escaped).join('/') + BELOW[below] + tail;
}

/** Each reference to the Hub has up to six spellings. */
function hubPatterns({ path, below, tail }: Entry): ImagePattern[] {
  const [first, second, ...others] = path;
  if (first === undefined) {
    return [
      { pattern: `${HUB_NAMES}${COMPONENT}(?:/${COMPONENT})*${tail}`, isShort: false },
      { pattern: `(?:${COMPONENT}|${PLAIN_COMPONENT}(?:/${COMPONENT})+)${tail}`, isShort: true },
    ];
  }
  const long = path.map(escaped).join('/') + BELOW[below] + tail;
  const patterns = [{ pattern: HUB_NAMES + long, isShort: false }];
  if (!isHostLike(first)) {
    patterns.push({ pattern: long, isShort: true });
  }
  const short = second === undefined ? COMPONENT : escaped(second);
  if (first === OFFICIAL && others.length === 0 && (second === undefined || below !== 'only')) {
    patterns.push({ pattern: `(?:${HUB_NAMES})?${short}${tail}`, isShort: true });
  }
  return patterns;
}

/** Of all that names and tags are made of, only the dot and the brackets of an address mean something else. */
function escaped(text: string): string {
  return text.replaceAll(/[.[\]]/g, '\\$&');
}
