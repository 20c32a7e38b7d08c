import { isIPv6 } from 'node:net';
import { type PillionError, usageError } from '../errors.ts';

/** Where to listen. Without a host: all addresses, IPv4 and IPv6. */
export interface Bind {
  readonly host: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Parses `host:port`, `:port` or `[IPv6]:port` as Go's net.Listen does; throws a usage error that shows the right form. */
export function parseBind(text: string): Bind {
  const bracketed = /^\[([^\]]*)\]:(\d{1,5})$/.exec(text);
  if (bracketed !== null) {
    return { host: checkedIPv6(bracketed[1] ?? '', text), port: checkedPort(bracketed[2] ?? '', text) };
  }
  const colon = text.lastIndexOf(':');
  if (colon === -1) {
    throw bindError(text, /^\d+$/.test(text) ? `use ":${text}"` : `use "${text}:PORT"`);
  }
  const host = text.slice(0, colon);
  if (/[\s/@]/.test(text)) {
    throw bindError(text, 'use "HOST:PORT" or ":PORT", without a scheme or path');
  }
  if (host.includes(':') || /[[\]]/.test(host)) {
    throw bindError(text, 'an IPv6 address needs brackets, as in "[::1]:8080"');
  }
  return { host: host === '' ? undefined : host, port: checkedPort(text.slice(colon + 1), text) };
}

function checkedIPv6(host: string, text: string): string | undefined {
  if (host !== '' && !isIPv6(host)) {
    throw bindError(text, 'what is between the brackets must be an IPv6 address');
  }
  return host === '' ? undefined : host;
}

function checkedPort(digits: string, text: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(port <= 65_535)) {
    throw bindError(text, 'the port must be a number from 0 to 65535');
  }
  return port;
}

function bindError(text: string, hint: string): PillionError {
  return usageError(`invalid address to listen on: ${JSON.stringify(text)}`, hint);
}
