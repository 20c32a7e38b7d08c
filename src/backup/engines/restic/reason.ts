/** Exit code and last words of restic -> why the repository's state is not known. Pure. */
import type { UnknownReason } from '../../model.ts';

export interface ResticEnd {
  readonly exitCode: number | undefined;
  /** Our deadline ended it. */
  readonly timedOut: boolean;
  /** What it complained about, in order. */
  readonly complaints: readonly string[];
}

type Kind = UnknownReason['kind'];

/** Codes that restic >= 0.17 documents. Every other one is a failure. */
const BY_CODE: Readonly<Record<number, Kind>> = { 10: 'absent', 12: 'password' };

/** Words of S3, HTTP, SFTP, TLS, DNS and restic itself. The first row that fits counts. */
const BY_WORDS: readonly (readonly [Kind, RegExp])[] = [
  ['password', /wrong password|no key found|empty password|password file/i],
  [
    'denied',
    /access denied|accessdenied|forbidden|\b40[13]\b|unauthorized|signaturedoesnotmatch|invalidaccesskey|expiredtoken|no credentials found|permission denied|host key verification|too many authentication/i,
  ],
  [
    'damaged',
    /zero size|unexpected file size|ciphertext|invalid data returned|unable to decode|unexpected end of json|invalid character|does not match|not found in (?:the )?index|failed to load|invalid repository/i,
  ],
  [
    'unreachable',
    /no such host|refused|timeout|timed out|deadline exceeded|tls:|x509|certificate|unreachable|reset by peer|\beof\b|\b5\d\d\b|broken pipe|name resolution|could not resolve|connection closed|unexpected http response/i,
  ],
];

const HINTS: Readonly<Record<Kind, string>> = {
  unreachable:
    'check the address, name service, network policies and certificates; it is asked again until --timeout',
  denied: 'check the keys and what they may do: a restore needs list and get',
  absent:
    'check bucket, prefix and key, which all look like this when they are wrong; a new repository is made by `pillion backup --init`, and --on-missing=allow lets the application start empty the first time',
  password: 'the password in --password-file (or RESTIC_PASSWORD) must be that of the repository',
  damaged: 'look at it with `restic check`; nothing is restored from what cannot be read',
  tool: 'install restic 0.17 or newer; the image has one',
  failed: 'run the same with restic by hand to see more',
};

/** What restic says of its own end when our deadline ended it, not of the repository: a key that was not read is no wrong one. */
const OF_ITS_END = /signal [a-z ]{1,30} received|context canceled|wrong password or no key found/;

export function reasonOf(given: ResticEnd, location: string): UnknownReason {
  const end = given.timedOut ? withoutItsEnd(given) : given;
  const isRetry = (line: string): boolean => line.includes('retrying');
  const kind = kindOf(end);
  const how = end.timedOut ? 'no answer in time' : `restic ended with ${end.exitCode ?? 'a signal'}`;
  const tried = end.complaints.findLast(isRetry);
  const failed = end.complaints.find((line) => !isRetry(line));
  const said = (end.timedOut ? (tried ?? failed) : (failed ?? tried)) ?? '';
  const message = said === '' ? `${location}: ${how}` : `${location}: ${said}`;
  return { kind, message, hint: HINTS[kind] };
}

const withoutItsEnd = (end: ResticEnd): ResticEnd => ({
  ...end,
  exitCode: undefined,
  complaints: end.complaints.filter((line) => !OF_ITS_END.test(line)),
});

function kindOf({ exitCode, timedOut, complaints }: ResticEnd): Kind {
  const known = exitCode === undefined ? undefined : BY_CODE[exitCode];
  if (known !== undefined) {
    return known;
  }
  const text = complaints.join('\n');
  const [kind] = BY_WORDS.find(([, words]) => words.test(text)) ?? [];
  return kind ?? (timedOut ? 'unreachable' : 'failed');
}
