/** `--webhook`: a JSON object or a list of them. Parsed strictly: a receiver that is told nothing is noticed late. */

import { REDACTED } from '../../core/log/secrets.ts';
import { parseGoDuration } from '../../core/options/go-values.ts';
import { ValueError, type ValueType } from '../../core/options/option.ts';
import { CAPABILITY_URL, type SecretParts } from '../../core/options/secrecy.ts';
import { entrySecrets } from './entry-secrets.ts';

/** What is sent. */
export const BODIES = ['json', 'none'] as const;

/** One receiver. Durations are milliseconds. */
export interface WebhookEntry {
  /** For people, in the log. */
  readonly name: string | undefined;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The status that means success: undefined for 200 to 299, 0 for any. */
  readonly successStatus: number | undefined;
  readonly timeoutMs: number;
  readonly backoffMs: number;
  readonly body: (typeof BODIES)[number];
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly bearerFile: string | undefined;
  /** Holds the key of the signature. */
  readonly secretFile: string | undefined;
  readonly signatureHeader: string;
}

const SECOND = 1000;
const MOST = 50;
export const MOST_HEADERS = 50;
const LONGEST_NAME = 100;
export const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
/** Visible ASCII, blanks and tabs: what every server reads in the same way. */
export const HEADER_VALUE = /^[\t\x20-\x7e]{0,8192}$/;
/** Decided by HTTP itself or by git-sync. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'gitsync-hash',
]);

type Fields = ReadonlyMap<string, unknown>;

const fail = (why: string): never => {
  throw new ValueError(why);
};

function text(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  return typeof value === 'string' ? value : fail(`${name} must be a string`);
}

function time(fields: Fields, name: string, fallback: number): number {
  const value = text(fields, name);
  if (value === undefined) {
    return fallback;
  }
  let ms = 0;
  try {
    ms = parseGoDuration(value);
  } catch {
    fail(`${name} must be a number with a unit, such as 10s`);
  }
  return ms >= SECOND ? ms : fail(`${name} must be at least 1s`);
}

function address(fields: Fields): URL {
  const url = text(fields, 'url') ?? fail('url must be given');
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  return parsed !== undefined && isHttp ? parsed : fail('url must begin with http:// or https://');
}

function headersOf(fields: Fields): Readonly<Record<string, string>> {
  const value = fields.get('headers') ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    return fail('headers must be an object of strings');
  }
  const entries = Object.entries(value);
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (entries.length > MOST_HEADERS || names.size < entries.length) {
    return fail(`headers has more than ${MOST_HEADERS} names, or one twice`);
  }
  for (const [name, content] of entries) {
    if (!HEADER_NAME.test(name) || OWN_HEADERS.has(name.toLowerCase())) {
      fail(`headers has a name that cannot be set: ${JSON.stringify(name.slice(0, LONGEST_NAME))}`);
    }
    if (typeof content !== 'string' || !HEADER_VALUE.test(content)) {
      fail(`headers has a value that no header can have: that of ${name}`);
    }
  }
  return Object.fromEntries(entries);
}

function statusOf(fields: Fields): number | undefined {
  const value = fields.get('success-status');
  if (value === undefined || value === null) {
    return undefined;
  }
  const isStatus = typeof value === 'number' && Number.isInteger(value);
  return isStatus && (value === 0 || (value >= 100 && value <= 599))
    ? value
    : fail('success-status must be an HTTP status, or 0 for any');
}

function wordOf<const T extends string>(fields: Fields, name: string, words: readonly [T, ...T[]]): T {
  const value = text(fields, name);
  const found = value === undefined ? words[0] : words.find((word) => word === value);
  return found ?? fail(`${name} must be ${words.join(' or ')}`);
}

function headerName(fields: Fields, name: string, fallback: string): string {
  const value = text(fields, name) ?? fallback;
  return HEADER_NAME.test(value) && !OWN_HEADERS.has(value.toLowerCase())
    ? value
    : fail(`${name} must be the name of a header`);
}

/** What an entry may say. */
export const WEBHOOK_FIELDS = [
  'name',
  'url',
  'method',
  'headers',
  'success-status',
  'timeout',
  'backoff',
  'body',
  'username',
  'password-file',
  'bearer-file',
  'secret-file',
  'signature-header',
] as const;

function toEntry(value: unknown): WebhookEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('every webhook must be a JSON object');
  }
  const fields: Fields = new Map(Object.entries(value));
  const unknown = [...fields.keys()].find((name) => !WEBHOOK_FIELDS.some((known) => known === name));
  if (unknown !== undefined) {
    fail(
      `unknown field ${JSON.stringify(unknown.slice(0, LONGEST_NAME))} (there are ${WEBHOOK_FIELDS.join(', ')})`,
    );
  }
  const url = address(fields);
  const method = text(fields, 'method') ?? 'POST';
  const username = text(fields, 'username');
  const passwordFile = text(fields, 'password-file');
  const bearerFile = text(fields, 'bearer-file');
  if ((username === undefined) !== (passwordFile === undefined)) {
    fail('username and password-file must be given together');
  }
  const headers = headersOf(fields);
  const hasOwn = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  const proofs = [
    username !== undefined,
    bearerFile !== undefined,
    url.username + url.password !== '',
    hasOwn,
  ];
  if (proofs.filter(Boolean).length > 1) {
    fail('only one of username, bearer-file, user info in url, and the header Authorization may be given');
  }
  return {
    name: text(fields, 'name')?.slice(0, LONGEST_NAME),
    url: url.href,
    method: /^[A-Za-z]{1,20}$/.test(method) ? method.toUpperCase() : fail('method must be a word'),
    headers,
    successStatus: statusOf(fields),
    timeoutMs: time(fields, 'timeout', 10 * SECOND),
    backoffMs: time(fields, 'backoff', 3 * SECOND),
    body: wordOf(fields, 'body', BODIES),
    username,
    passwordFile,
    bearerFile,
    secretFile: text(fields, 'secret-file'),
    signatureHeader: headerName(fields, 'signature-header', 'X-Hub-Signature-256'),
  };
}

/**
 * Reads one use of `--webhook`; blank text is none.
 * @throws ValueError that shows neither addresses nor values of headers
 */
export function parseWebhooks(value: string): WebhookEntry[] {
  if (value.trim() === '') {
    return [];
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // The parser's own message quotes the text.
    return fail('not a JSON object or list');
  }
  const list: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.length > MOST ? fail(`more than ${MOST} webhooks`) : list.map(toEntry);
}

/** A shorter value of a header may be a word like any other. */
const SHORTEST_SECRET = 16;

function show(entries: readonly WebhookEntry[]): string {
  const shown = entries.map(({ url, headers, ...rest }) => ({
    url: CAPABILITY_URL.show(url),
    ...rest,
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, REDACTED])),
  }));
  return JSON.stringify(shown);
}

/** Addresses, as anyone who knows one may call it, and what headers say. */
export const WEBHOOK_SECRETS: SecretParts = entrySecrets(
  parseWebhooks,
  ({ url, headers }) => [
    ...CAPABILITY_URL.find(url),
    ...Object.values(headers).map((content) =>
      content.length < SHORTEST_SECRET ? { value: content, isWord: true } : { value: content },
    ),
  ],
  show,
);

export const webhooks: ValueType<readonly WebhookEntry[]> = {
  name: 'JSON',
  expected: 'a JSON object with a url, or a list of them',
  repeats: true,
  parse: parseWebhooks,
  append: (earlier, later) => [...earlier, ...later],
  format: (entries) => (entries.length === 0 ? '' : show(entries)),
};
