/**
 * One entry of a manifest as a line of mtree(5): a form that other tools read, so that `mtree -f manifest -p volume` and
 * bsdtar can tell what a snapshot has. Bytes that are not plain are octal escapes. What mtree has no keyword for is in
 * `tags`, which other tools ignore: groups of hard links, files that change, identities.
 */
import type { BigIntStats } from 'node:fs';
import { type BytePath, type Entry, type FileEntry, NS_PER_SECOND } from './entry.ts';

export const FIRST_LINE = '#mtree';
export const VERSION_LINE = '# made by pillion, version 1';

const PLAIN = /^[!$-)+-Z\]^_`a-~{|}]*$/;
const NOT_PLAIN = /[^!$-)+-Z\]^_`a-~{|}]/g;

const octal = (character: string) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;

/** Blanks, control characters, bytes beyond ASCII, `\` and what shells and mtree read as patterns or comments. */
function escaped(text: string): string {
  return PLAIN.test(text) ? text : text.replaceAll(NOT_PLAIN, octal);
}

/** Undefined for anything that `escaped` does not make. */
function unescaped(text: string): string | undefined {
  if (PLAIN.test(text)) {
    return text;
  }
  const rest = text.replaceAll(/\\[0-3][0-7]{2}/g, '');
  return PLAIN.test(rest)
    ? text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 8)),
      )
    : undefined;
}

const NS_DIGITS = 9;

function timeText(timeNs: bigint): string {
  if (timeNs >= NS_PER_SECOND) {
    const digits = String(timeNs);
    return `${digits.slice(0, -NS_DIGITS)}.${digits.slice(-NS_DIGITS)}`;
  }
  const part = ((timeNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return `${(timeNs - part) / NS_PER_SECOND}.${part.toString().padStart(9, '0')}`;
}

function tagsText({ links, isChanging, identity }: FileEntry): string {
  const tags = [
    ...(links === undefined ? [] : [`links-${links}`]),
    ...(isChanging ? ['changing'] : []),
    ...(identity === undefined ? [] : [`inode-${identity.inode}`, `ctime-${timeText(identity.ctimeNs)}`]),
    ...(identity?.isRecent === true ? ['recent'] : []),
  ];
  return tags.length === 0 ? '' : ` tags=${tags.join(',')}`;
}

const TYPES = { directory: 'dir', file: 'file', symlink: 'link' } as const satisfies Record<
  Entry['type'],
  string
>;

function ownText(entry: Entry): string {
  if (entry.type === 'symlink') {
    return ` link=${escaped(entry.target)}`;
  }
  if (entry.type === 'file') {
    const hash = entry.sha256 === undefined ? '' : ` sha256=${entry.sha256}`;
    return ` size=${entry.size}${hash}${tagsText(entry)}`;
  }
  return entry.isChanging === true ? ' tags=changing' : '';
}

const wordOf = (path: BytePath): string => (path === '' ? '.' : `./${escaped(path)}`);

const commonText = (type: Entry['type'], mode: number, uid: number, gid: number, mtimeNs: bigint): string =>
  ` type=${TYPES[type]} mode=0${mode.toString(8).padStart(3, '0')} uid=${uid} gid=${gid} time=${timeText(mtimeNs)}`;

/** Without a line end. */
export function formatEntry(entry: Entry): string {
  const { path, type, mode, uid, gid, mtimeNs } = entry;
  return `${wordOf(path)}${commonText(type, mode, uid, gid, mtimeNs)}${ownText(entry)}`;
}

/** What stands before and after the hash in the line of a file that has one name and had not just changed. */
export interface LineAroundHash {
  /** The path. */
  readonly word: string;
  readonly before: string;
  readonly after: string;
}

/** What the same line ends in when the file had just changed. */
export const RECENT_TAG = ',recent';

export function lineAroundHash(path: BytePath, status: BigIntStats): LineAroundHash {
  const word = wordOf(path);
  const { mode, uid, gid, mtimeNs, ctimeNs, size, ino } = status;
  const common = commonText('file', Number(mode) & 0o7777, Number(uid), Number(gid), mtimeNs);
  return {
    word,
    before: `${word}${common} size=${size} sha256=`,
    after: ` tags=inode-${ino},ctime-${timeText(ctimeNs)}`,
  };
}

/** The path of a line; undefined when it is none that an entry can have. */
export function pathOfLine(line: string): BytePath | undefined {
  const end = line.indexOf(' ');
  try {
    return pathFrom(end === -1 ? line : line.slice(0, end));
  } catch (error) {
    if (error instanceof LineFault) {
      return undefined;
    }
    throw error;
  }
}

/** What is wrong with a line, as a text. */
export class LineFault extends Error {}

const MAX_ID = 0xff_ff_ff_fe;
/** Some file systems count 255 characters, not bytes. */
const MAX_NAME_BYTES = 4 * 255;
const MAX_TARGET_BYTES = 4095;
/** Longer than any that a program can open as one; built part by part they may be. */
const MAX_PATH_BYTES = 128 * 1024;

function need(condition: boolean, fault: string): asserts condition {
  if (!condition) {
    throw new LineFault(fault);
  }
}

function whole(text: string | undefined, max: number, what: string): number {
  need(text !== undefined && /^(0|[1-9]\d{0,15})$/.test(text), `no ${what}`);
  const value = Number(text);
  need(value <= max, `an absurd ${what}`);
  return value;
}

/** A part that is empty, `.` or `..`. */
const ODD_PART = /(?:^|\/)\.{0,2}(?:\/|$)/;

function pathFrom(word: string): string {
  if (word === '.') {
    return '';
  }
  need(word.startsWith('./'), 'the path does not start with ./');
  const path = unescaped(word.slice(2));
  need(path !== undefined, 'the path is not escaped as it must be');
  if (path.length <= MAX_NAME_BYTES && !ODD_PART.test(path) && !path.includes('\0')) {
    return path;
  }
  need(path.length <= MAX_PATH_BYTES, 'the path is absurdly long');
  for (const part of path.split('/')) {
    need(part !== '' && part !== '.' && part !== '..', 'the path has an empty part, . or ..');
    need(part.length <= MAX_NAME_BYTES && !part.includes('\0'), 'a part of the path cannot be a name');
  }
  return path;
}

function timeFrom(text: string | undefined): bigint {
  const match = /^(-?\d{1,19})\.(\d{9})$/.exec(text ?? '');
  need(match !== null, 'no time');
  return BigInt(match[1] ?? 0) * NS_PER_SECOND + BigInt(match[2] ?? 0);
}

function tagsFrom(text: string | undefined) {
  const tags = new Map<string, string>();
  for (const tag of text?.split(',') ?? []) {
    const at = tag.indexOf('-');
    tags.set(at === -1 ? tag : tag.slice(0, at), at === -1 ? '' : tag.slice(at + 1));
  }
  const links = tags.get('links');
  const inode = tags.get('inode');
  need(
    [...tags.keys()].every((tag) => TAGS.has(tag)),
    'a tag that is not known',
  );
  need(inode === undefined || /^\d{1,20}$/.test(inode), 'no inode');
  return {
    links: links === undefined ? undefined : whole(links, Number.MAX_SAFE_INTEGER, 'group of hard links'),
    isChanging: tags.has('changing'),
    identity:
      inode === undefined
        ? undefined
        : { inode: BigInt(inode), ctimeNs: timeFrom(tags.get('ctime')), isRecent: tags.has('recent') },
  };
}

const TAGS = new Set(['links', 'changing', 'inode', 'ctime', 'recent']);

function fileFrom(values: ReadonlyMap<string, string>) {
  const sha256 = values.get('sha256');
  const tags = tagsFrom(values.get('tags'));
  need(
    tags.isChanging ? sha256 === undefined : /^[0-9a-f]{64}$/.test(sha256 ?? ''),
    'no hash of the content',
  );
  return { size: whole(values.get('size'), Number.MAX_SAFE_INTEGER, 'size'), sha256, ...tags };
}

function targetFrom(text: string | undefined): string {
  const target = unescaped(text ?? '');
  const isTarget = target !== undefined && target !== '' && target.length <= MAX_TARGET_BYTES;
  need(isTarget && !target.includes('\0'), 'the target of the link cannot be one');
  return target;
}

/** What nearly all lines of a volume look like, read in one go: a third of the time. */
const USUAL_FILE =
  /^(\S+) type=file mode=(0[0-7]{3,4}) uid=(0|[1-9]\d{0,8}) gid=(0|[1-9]\d{0,8}) time=(\d{1,12})\.(\d{9}) size=(0|[1-9]\d{0,14}) sha256=([0-9a-f]{64}) tags=inode-(\d{1,20}),ctime-(\d{1,12})\.(\d{9})(,recent)?$/;

function usualFile(line: string): FileEntry | undefined {
  const match = USUAL_FILE.exec(line);
  if (match === null || match[1] === '.') {
    return undefined;
  }
  const text = (group: number) => match[group] ?? '';
  return {
    type: 'file',
    path: pathFrom(text(1)),
    mode: Number.parseInt(text(2), 8),
    uid: Number(text(3)),
    gid: Number(text(4)),
    mtimeNs: BigInt(text(5) + text(6)),
    size: Number(text(7)),
    sha256: text(8),
    links: undefined,
    isChanging: false,
    identity: {
      inode: BigInt(text(9)),
      ctimeNs: BigInt(text(10) + text(11)),
      isRecent: match[12] !== undefined,
    },
  };
}

/** @throws LineFault for everything that `formatEntry` does not make of an entry that a volume can have */
export function parseEntry(line: string): Entry {
  return usualFile(line) ?? parseAny(line);
}

function parseAny(line: string): Entry {
  const [first = '', ...words] = line.split(' ');
  const path = pathFrom(first);
  const values = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    need(at > 0 && !values.has(word.slice(0, at)), 'a word that is no keyword, or is there twice');
    values.set(word.slice(0, at), word.slice(at + 1));
  }
  const mode = values.get('mode');
  need(mode !== undefined && /^0[0-7]{3,4}$/.test(mode), 'no mode');
  const common = {
    path,
    mode: Number.parseInt(mode, 8),
    uid: whole(values.get('uid'), MAX_ID, 'user'),
    gid: whole(values.get('gid'), MAX_ID, 'group'),
    mtimeNs: timeFrom(values.get('time')),
  };
  switch (values.get('type')) {
    case 'dir': {
      const tags = values.get('tags');
      need(tags === undefined || tags === 'changing', 'a tag that is not known');
      return { type: 'directory', ...common, ...(tags === undefined ? {} : { isChanging: true }) };
    }
    case 'file':
      need(path !== '', 'the volume is no directory');
      return { type: 'file', ...common, ...fileFrom(values) };
    case 'link':
      need(path !== '', 'the volume is no directory');
      return { type: 'symlink', ...common, target: targetFrom(values.get('link')) };
    default:
      throw new LineFault('a type that no entry of a snapshot has');
  }
}
