import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinear, pumped } from '../testing/linear.ts';
import { createSecrets } from './secrets.ts';

const NASTY = `p@ss w/"rd'\\+%<&>ü\t`;

function redactor(...values: string[]): (text: string) => string {
  const secrets = createSecrets();
  for (const value of values) {
    secrets.add(value);
  }
  return (text) => secrets.redact(text);
}

describe('redact', () => {
  it.each([
    ['raw', NASTY],
    ['percent-encoded', encodeURIComponent(NASTY)],
    [
      'percent-encoded in lower case',
      encodeURIComponent(NASTY).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ['in a query as Go and browsers write it', new URLSearchParams({ q: NASTY }).toString().slice(2)],
    ['as the password of a URL', urlPassword(NASTY)],
    ['in base64', Buffer.from(NASTY).toString('base64')],
    ['in base64 without padding', Buffer.from(NASTY).toString('base64').replaceAll('=', '')],
    ['in base64url', Buffer.from(NASTY).toString('base64url')],
    ['escaped for JSON', JSON.stringify(NASTY).slice(1, -1)],
    ["in Go's JSON", 'p@ss w/\\"rd\'\\\\+%\\u003c\\u0026\\u003eü\\t'],
    ["quoted by Go's %q", 'p@ss w/\\"rd\'\\\\+%<&>ü\\t'],
    ['quoted by a shell', `p@ss w/"rd'\\''\\+%<&>ü\t`],
  ])('finds a secret %s', (_form, text) => {
    expect(redactor(NASTY)(`a ${text} b`)).toBe('a REDACTED b');
  });

  it('finds a password in base64 of user:password, whatever the length of the user', () => {
    for (const user of ['', 'u', 'us', 'use', 'user']) {
      const encoded = Buffer.from(`${user}:hunter2-hunter2`).toString('base64');
      const text = redactor('hunter2-hunter2')(`Authorization: Basic ${encoded}`);
      expect(text).toContain('REDACTED');
      expect(text.length).toBeLessThan(`Authorization: Basic REDACTED`.length + 10);
    }
  });

  it('finds the lines of a private key, and a value with and without its final newline', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nAQEFAASCBKcwggSjAgEAAoI\n-----END KEY-----\n';
    const redact = redactor(key, 'from-a-file\n');
    expect(redact('line AQEFAASCBKcwggSjAgEAAoI of it')).toBe('line REDACTED of it');
    expect(redact(key)).toBe('REDACTED');
    expect(redact('x from-a-file y')).toBe('x REDACTED y');
    expect(redact('-----BEGIN KEY-----')).toBe('-----BEGIN KEY-----');
  });

  it('replaces overlapping secrets as one, so that no tail of the longer shows', () => {
    const redact = redactor('abcd', 'bcdefgh', 'abcdefghij');
    expect(redact('-abcdefgh-')).toBe('-REDACTED-');
    expect(redact('-abcdefghij-')).toBe('-REDACTED-');
    expect(redact('abcdabcd')).toBe('REDACTEDREDACTED');
  });

  it('does not find a secret in its own replacement', () => {
    expect(redactor('REDACTED', 'DACT', 'topsecret')('a topsecret b')).toBe('a REDACTED b');
  });

  it.each([
    [
      'no',
      'git fetch --no-progress: no such remote, there is no ref: no',
      'git fetch --no-progress: no such remote, there is no ref: no',
    ],
    ['no', 'no', 'REDACTED'],
    [
      'no',
      'https://u:no@h/x https://no@h/ password=no',
      'https://u:REDACTED@h/x https://REDACTED@h/ password=REDACTED',
    ],
    [
      'no',
      '{"password":"no","a":["no"]} (no) \'no\'',
      '{"password":"REDACTED","a":["REDACTED"]} (REDACTED) \'REDACTED\'',
    ],
    ['a1', 'a1 pa1d a1, "a1" u:a1@h a1_b =a1b', 'a1 pa1d a1, "REDACTED" u:REDACTED@h a1_b =a1b'],
    ['1', '10 of 100 in 1 s, level=1', '10 of 100 in 1 s, level=REDACTED'],
    ['@', 'a@b "@" x=@', 'a@b "REDACTED" x=REDACTED'],
  ])('replaces a secret of up to 3 characters only where a value stands: %s in %s', (secret, text, shown) => {
    expect(redactor(secret)(text)).toBe(shown);
  });

  it.each([
    ['topsecret', 'curl -H topse…', 'curl -H REDACTED…'],
    ['topsecret', 'curl tops… and topsecret', 'curl REDACTED… and REDACTED'],
    ['topsecret', 'a top… stop… topsecret…', 'a top… stop… REDACTED…'],
    ['to p/secret', 'x to%20p%2Fs…', 'x REDACTED…'],
  ])('does not show the half of a secret that is left before a cut: %s in %s', (secret, text, shown) => {
    expect(redactor(secret)(text)).toBe(shown);
  });

  it('ignores empty and blank secrets', () => {
    expect(redactor('', ' \n')('a b \n c')).toBe('a b \n c');
  });

  it('keeps the last two values of a rotating secret', () => {
    const secrets = createSecrets();
    secrets.add('fixed-one');
    for (const token of ['token-1', 'token-2', 'token-2', 'token-3']) {
      secrets.addRotating('app', token);
    }
    expect(secrets.redact('fixed-one token-1 token-2 token-3')).toBe('REDACTED token-1 REDACTED REDACTED');
  });

  it('leaves no secret in any text around it', () => {
    const text = string({ unit: 'grapheme', maxLength: 20 });
    const secret = string({ unit: 'grapheme', minLength: 4, maxLength: 20 }).filter((value) => {
      return value.trim().length > 3 && !'REDACTED'.includes(value.trim());
    });
    assert(
      property(text, secret, text, (before, value, after) => {
        const redact = redactor(value);
        for (const form of [value, JSON.stringify(value).slice(1, -1), percent(value)]) {
          // What remains may join with the replacement to the secret again only if the secret contains it.
          const left = redact(before + form + after).split('REDACTED');
          expect(left.length).toBeGreaterThan(1);
          expect(left.some((part) => part.includes(form))).toBe(false);
        }
      }),
    );
  });

  it('knows a secret that is added between two texts, and forgets none', () => {
    const secrets = createSecrets();
    secrets.add('first-one');
    expect(secrets.redact('first-one second-one')).toBe('REDACTED second-one');
    secrets.add('second-one');
    secrets.addRotating('slot', 'third-one');
    expect(secrets.redact('first-one second-one third-one')).toBe('REDACTED REDACTED REDACTED');
  });
});

describe('what redaction costs', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `token-${index}-${'xyz'.repeat(index % 10)}`);

  it('does not depend on how many secrets there are, beyond reading them once', () => {
    const secrets = createSecrets();
    const before = process.cpuUsage();
    for (const value of many) {
      secrets.add(value);
      secrets.addRotating(value, `${value} rotating`);
    }
    secrets.redact('');
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
    expectLinear(secrets.redact, pumped('', 'an ordinary line of a log, with nothing in it\n'));
  });

  it.each([
    ['ab', 'a'.repeat(2000)],
    ['a', `${'a'.repeat(20)}b`],
    ['%', 'p@ss'],
    ['…', 'topsecret'],
    ['tops…', 'topsecret'],
    ['topsecret', 'topsecret'],
    ['no', 'no'],
    ['=no', 'no'],
  ])('is linear in a text of %s', (piece, secret) => {
    expectLinear(redactor(secret, 'hunter2-hunter2'), pumped('', piece));
  });

  it('is linear in a secret', () => {
    const add = (value: string) => redactor(value)('');
    expectLinear(add, pumped('', 'x/"\n+%ü'), { length: 64 * 1024, limitMs: 200 });
  });
});

function percent(value: string): string {
  return encodeURIComponent(value);
}

function urlPassword(value: string): string {
  const url = new URL('http://u@h/');
  url.password = value;
  return url.password;
}
