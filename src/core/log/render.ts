import { systemMessage } from '../errors.ts';

/** How deep objects are followed; deeper ones become `"..."`. */
const MAX_DEPTH = 8;

type Redact = (text: string) => string;

/**
 * Any value as JSON text on one line, never throwing: cycles, BigInt, throwing getters and toJSON become words.
 * Each string, key and number is redacted before it is quoted, so a secret is found as it is, whatever it contains,
 * and the result is valid JSON even when the secret is `true` or `","`.
 */
export function renderJson(value: unknown, redact: Redact): string {
  return render(value, redact, []) ?? 'null';
}

const CONTROLS = /[\u007f-\u009f\u2028\u2029]/;
const CONTROL_CODES = [...Array.from({ length: 0x21 }, (_, index) => 0x7f + index), 0x2028, 0x2029];
const ESCAPES = CONTROL_CODES.map(
  (code) => [String.fromCharCode(code), `\\u${code.toString(16).padStart(4, '0')}`] as const,
);

/** Text as a redacted JSON string; control characters and Unicode's line ends are escaped. */
export function quote(text: string, redact: Redact): string {
  const quoted = JSON.stringify(redact(text));
  // One kind after another: a function for each match takes five times as long where there is little else.
  return CONTROLS.test(quoted)
    ? ESCAPES.reduce((said, [control, escape]) => said.split(control).join(escape), quoted)
    : quoted;
}

function render(value: unknown, redact: Redact, parents: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'string':
      return quote(value, redact);
    case 'number':
      return renderNumber(value, redact);
    case 'boolean':
      return String(value);
    case 'bigint':
    case 'symbol':
      return quote(String(value), redact);
    case 'object':
      return value === null ? 'null' : renderSafely(value, redact, parents);
    default:
      return undefined;
  }
}

/** A number of few digits is a count or a size, not a secret, though a short secret may look the same. */
const SHORTEST_SECRET_NUMBER = 4;

function renderNumber(value: number, redact: Redact): string {
  const text = String(value);
  const isOpen = text.length < SHORTEST_SECRET_NUMBER || redact(text) === text;
  return Number.isFinite(value) && isOpen ? text : quote(text, redact);
}

function renderSafely(value: object, redact: Redact, parents: readonly object[]): string | undefined {
  if (parents.includes(value)) {
    return '"[circular]"';
  }
  if (parents.length >= MAX_DEPTH) {
    return '"..."';
  }
  try {
    return renderObject(value, redact, [...parents, value]);
  } catch {
    return '"[unprintable]"';
  }
}

function renderObject(value: object, redact: Redact, parents: readonly object[]): string | undefined {
  if (value instanceof Error) {
    return quote(describeError(value), redact);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const plain: unknown = value.toJSON();
    return render(plain, redact, parents);
  }
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...value].map((item: unknown) => render(item, redact, parents) ?? 'null');
    return `[${items.join(',')}]`;
  }
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  return `{${[...entries].flatMap(([key, item]) => renderPair(String(key), item, redact, parents)).join(',')}}`;
}

function renderPair(key: string, value: unknown, redact: Redact, parents: readonly object[]): string[] {
  const text = render(value, redact, parents);
  return text === undefined ? [] : [`${quote(key, redact)}:${text}`];
}

/** The message of anything that was thrown, followed by the messages of its causes where they add something. */
export function describeError(error: unknown): string {
  try {
    return describe(error);
  } catch {
    return '[unprintable]';
  }
}

function describe(error: unknown): string {
  let text = '';
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current !== undefined; depth += 1) {
    const message = messageOf(current);
    // Who has told what the system says need not say by which call.
    const essence = current instanceof Error ? systemMessage(current) : message;
    if (!text.includes(message) && (essence === '' || !text.includes(essence))) {
      text = text === '' ? message : `${text}: ${message}`;
    }
    current = current instanceof Error ? current.cause : undefined;
  }
  return text;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((one) => messageOf(one)).join(', ');
  }
  if (error instanceof Error) {
    return error.message === '' ? error.name : error.message;
  }
  return typeof error === 'string' ? error : renderJson(error, (text) => text);
}
