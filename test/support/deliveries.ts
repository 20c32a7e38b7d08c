/** The webhook deliveries of `test/deliveries/`. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What they are signed with, or carry. */
export const DELIVERY_SECRET = 'it-is-known-to-forge-and-sidecar';
/** GitLab's signing token. */
export const SIGNING_TOKEN = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
/** When the dated ones were sent, milliseconds since the epoch. */
export const DELIVERED_AT = 1_776_175_200_000;

export interface RecordedDelivery {
  /** Names in lower case, as a server has them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const folder = new URL('../deliveries/', import.meta.url);

/** The names of all, without `.http`. */
export function deliveryNames(): string[] {
  return readdirSync(fileURLToPath(folder))
    .filter((name) => name.endsWith('.http'))
    .map((name) => name.slice(0, -'.http'.length));
}

/** One of them: headers and body. */
export function recordedDelivery(name: string): RecordedDelivery {
  const bytes = readFileSync(new URL(`${name}.http`, folder));
  const end = bytes.indexOf('\r\n\r\n');
  const lines = bytes.subarray(0, end).toString('latin1').split('\r\n').slice(1);
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return { headers: Object.fromEntries(headers), body: bytes.subarray(end + 4) };
}
