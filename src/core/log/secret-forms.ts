import { goQuote } from '../options/go-quote.ts';

/** Lines of a multi-line secret (a private key) that are long enough to be a secret of their own. */
const SHORTEST_LINE = 16;
/** Below this many characters a piece of base64 says nothing about the secret and may be an ordinary word. */
const SHORTEST_BASE64 = 6;

/** What each writer of percent-encoding leaves as it is, besides letters and digits. */
const UNRESERVED = '-_.~';
const PERCENT_KEEPS = [
  UNRESERVED, // RFC 3986, Go's url.QueryEscape (but for the blank), git's credential store
  `${UNRESERVED}!'()*`, // encodeURIComponent
  `${UNRESERVED}$&+,;=`, // Go's url.UserPassword
  `${UNRESERVED}!$&'()*+,%`, // the password of a WHATWG URL
];

/**
 * Every form in which a program may print `value`: as it is, percent-encoded by different libraries in upper and
 * lower case, base64 and base64url (also when it is only a part of what was encoded, as in `user:password`),
 * escaped for JSON (Node's and Go's way), quoted by Go's %q, and quoted by a shell.
 */
export function secretForms(value: string): Set<string> {
  const forms = new Set<string>();
  for (const variant of variants(value)) {
    forms.add(variant);
    for (const form of [...percentForms(variant), ...base64Forms(variant), ...quotedForms(variant)]) {
      forms.add(form);
    }
  }
  forms.delete('');
  return forms;
}

/** The value itself, without the newline that files end in, and the telling lines of a multi-line value. */
function variants(value: string): string[] {
  const trimmed = value.trim();
  if (!trimmed.includes('\n')) {
    return [value, trimmed];
  }
  const lines = trimmed.split('\n').map((line) => line.trim());
  return [
    value,
    trimmed,
    ...lines.filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----')),
  ];
}

function percentForms(value: string): string[] {
  const bytes = Buffer.from(value);
  return ['0123456789ABCDEF', '0123456789abcdef'].flatMap((digits) => {
    const forms = PERCENT_KEEPS.map((keep) => percentEncode(bytes, keep, digits));
    return [...forms, percentEncode(bytes, UNRESERVED, digits).replaceAll('%20', '+')];
  });
}

/** Into bytes, not by adding strings: a value may have a megabyte. */
function percentEncode(bytes: Buffer, keep: string, digits: string): string {
  const encoded = Buffer.allocUnsafe(bytes.length * 3);
  let length = 0;
  for (const byte of bytes) {
    if (isLetterOrDigit(byte) || (byte < 0x80 && keep.includes(String.fromCharCode(byte)))) {
      encoded[length] = byte;
      length += 1;
    } else {
      encoded[length] = 0x25;
      encoded[length + 1] = digits.charCodeAt(byte >> 4);
      encoded[length + 2] = digits.charCodeAt(byte & 15);
      length += 3;
    }
  }
  return encoded.toString('latin1', 0, length);
}

const isLetterOrDigit = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** The whole value in base64, and the characters that depend on it alone wherever it begins in what was encoded. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms = [bytes.toString('base64')];
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const first = Math.ceil((before * 8) / 6);
    forms.push(encoded.slice(first, Math.floor(((before + bytes.length) * 8) / 6)));
  }
  forms.push(bytes.toString('base64').replaceAll('=', ''));
  const telling = forms.filter((form) => form.length >= SHORTEST_BASE64);
  return [...telling, ...telling.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

function quotedForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const goJson = json.replace(/[<>&\u2028\u2029]/g, (char) => unicodeEscape(char));
  return [json, goJson, goQuote(value).slice(1, -1), value.replaceAll("'", "'\\''")];
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
