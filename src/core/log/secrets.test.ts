import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
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

  it('replaces a secret of up to 3 characters only as a whole word', () => {
    const redact = redactor('a1', '@');
    expect(redact('a1 pa1d a1, "a1" u:a1@h a1_b')).toBe(
      'REDACTED pa1d REDACTED, "REDACTED" u:REDACTED@h a1_b',
    );
    expect(redact('sign @ alone')).toBe('sign REDACTED alone');
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

  it('takes no longer than the text is long', () => {
    const redact = redactor(
      'a'.repeat(2000),
      ...Array.from({ length: 20 }, (_, index) => `token-${index}-xyz`),
    );
    const started = performance.now();
    redact('ab'.repeat(500_000));
    redact('%'.repeat(1_000_000));
    expect(performance.now() - started).toBeLessThan(5000);
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
