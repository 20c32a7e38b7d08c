/**
 * pgbouncer's auth_file, read as pgbouncer reads it (load_auth_file in its objects.c): `"user" "password"`, the rest of
 * the line is skipped, `;` begins a comment, `""` is a quote. At the first line that it cannot read pgbouncer stops, and
 * every user after it is disabled; so such lines go to the end, where they do no harm.
 *
 * Text here is bytes in Latin-1: other people's entries keep theirs, whatever their encoding.
 */

/** The line of one user. */
export interface UserlistEntry {
  readonly username: string;
  readonly password: string;
  /** Written behind the password, where pgbouncer does not look: marks lines of users that come and go as ours. */
  readonly marker?: string | undefined;
}

export interface MergedUserlist {
  readonly content: Buffer;
  /** Lines of the former file that pgbouncer cannot read, counted from 1. */
  readonly brokenLines: readonly number[];
}

interface Line {
  /** With its line end. */
  readonly text: string;
  /** Undefined for comments, blank lines, and broken ones that begin with no name. */
  readonly user: string | undefined;
  readonly password: string;
  readonly marker: string | undefined;
  readonly isBroken: boolean;
}

const MARKER = 'pillion:';
/** pgbouncer reads 127 bytes of a user name in all its versions. */
export const MAX_USERNAME_BYTES = 127;

/**
 * The file with this user's line replaced, or added: lines of other users, comments and order are kept.
 * @param former what the file holds now
 * @param maxPasswordBytes what the pgbouncer that reads it takes; longer lines of others count as broken
 */
export function mergeUserlist(
  former: Buffer,
  entry: UserlistEntry,
  maxPasswordBytes: number,
): MergedUserlist {
  const lines = readLines(former.toString('latin1'), maxPasswordBytes);
  const user = toLatin1(entry.username);
  const own = entryLine(entry);
  const isOwn = (line: Line): boolean =>
    line.user !== undefined &&
    (line.user === user || (entry.marker !== undefined && line.marker === entry.marker));
  const kept: string[] = [];
  let isWritten = false;
  for (const line of lines.filter(({ isBroken }) => !isBroken)) {
    if (!isOwn(line)) {
      kept.push(line.text);
    } else if (!isWritten) {
      kept.push(own);
      isWritten = true;
    }
  }
  // One of this user could count behind the new one: pgbouncer reads on as far as a NUL, and over line ends.
  const broken = lines.filter((line) => line.isBroken && !isOwn(line));
  const all = [...kept, ...(isWritten ? [] : [own]), ...broken.map(({ text }) => text)];
  return {
    content: Buffer.from(all.map(endLine).join(''), 'latin1'),
    brokenLines: lines.flatMap(({ isBroken }, index) => (isBroken ? [index + 1] : [])),
  };
}

/**
 * The users of a userlist as entries, for merging them into another.
 * @returns also its lines that pgbouncer cannot read, counted from 1
 */
export function readUserlist(
  content: Buffer,
  maxPasswordBytes: number,
): { readonly entries: readonly UserlistEntry[]; readonly brokenLines: readonly number[] } {
  const lines = readLines(content.toString('latin1'), maxPasswordBytes);
  const fromLatin1 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
  return {
    entries: lines.flatMap(({ user, password, isBroken }) =>
      user === undefined || isBroken ? [] : [{ username: fromLatin1(user), password: fromLatin1(password) }],
    ),
    brokenLines: lines.flatMap(({ isBroken }, index) => (isBroken ? [index + 1] : [])),
  };
}

/** How many bytes a password takes between its quotes: what pgbouncer's limit counts. */
export function quotedBytes(password: string): number {
  return Buffer.byteLength(quote(password)) - 2;
}

/** A plain password of this form is taken for a hash (of MD5 or SCRAM), and the login fails. */
export function looksHashed(password: string): boolean {
  return /^md5[0-9a-f]{32}$/.test(password) || password.startsWith('SCRAM-SHA-256$');
}

function entryLine({ username, password, marker }: UserlistEntry): string {
  const comment = marker === undefined ? '' : ` ${MARKER}${marker}`;
  return toLatin1(`${quote(username)} ${quote(password)}${comment}\n`);
}

function quote(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

function toLatin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Not `trim`: it would take the byte A0 for a blank, which it is not for C. */
function trimAscii(text: string): string {
  const isBlank = (at: number): boolean => ' \t\n\v\f\r'.includes(text[at] ?? '-');
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(start)) {
    start += 1;
  }
  while (end > start && isBlank(end - 1)) {
    end -= 1;
  }
  return text.slice(start, end);
}

function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function readLines(text: string, maxPasswordBytes: number): Line[] {
  const pieces = text.split('\n');
  return pieces
    .map((piece, index) => (index === pieces.length - 1 ? piece : `${piece}\n`))
    .filter((piece) => piece !== '')
    .map((piece) => readLine(piece, maxPasswordBytes));
}

/** Quotes that go on over a line end are legal for pgbouncer and mean a torn file here: nobody has such names. */
function readLine(text: string, maxPasswordBytes: number): Line {
  const [readable = '', ...behindNul] = text.split('\0');
  const hasNul = behindNul.length > 0;
  const body = trimAscii(readable);
  const none = { text, user: undefined, password: '', marker: undefined };
  if (body === '' || body.startsWith(';')) {
    return { ...none, isBroken: hasNul };
  }
  const user = quotedAt(body, 0);
  const start = user === undefined ? -1 : body.indexOf('"', user.end);
  const password = start === -1 ? undefined : quotedAt(body, start);
  const isRead =
    user !== undefined &&
    password !== undefined &&
    user.length <= MAX_USERNAME_BYTES &&
    password.length <= maxPasswordBytes;
  if (!isRead) {
    return { ...none, user: user?.value, isBroken: true };
  }
  const rest = trimAscii(body.slice(password.end));
  const marker = rest.startsWith(MARKER) ? rest.slice(MARKER.length) : undefined;
  return { text, user: user.value, password: password.value, marker, isBroken: hasNul };
}

interface Quoted {
  readonly value: string;
  /** Bytes between the quotes, as they stand. */
  readonly length: number;
  /** Behind the closing quote. */
  readonly end: number;
}

function quotedAt(text: string, start: number): Quoted | undefined {
  if (text[start] !== '"') {
    return undefined;
  }
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') {
      const inside = text.slice(start + 1, at);
      return { value: inside.replaceAll('""', '"'), length: inside.length, end: at + 1 };
    }
  }
  return undefined;
}
