import type { Hash } from 'node:crypto';

/** node:crypto is loaded by what hashes first: most processes never do, and it costs each 10 ms of CPU and 0.7 MiB. */
export const startSha256 = (): Hash => process.getBuiltinModule('node:crypto').createHash('sha256');

/** Of a text as UTF-8, in hex digits. */
export const sha256 = (text: string): string => startSha256().update(text).digest('hex');
