import { expect, it } from 'vitest';
import { serverFormat } from './object-format.ts';

it.each([
  ['fatal: mismatched algorithms: client sha1; server sha256', 'sha1', 'sha256'],
  ['fatal: mismatched algorithms: client sha256; server sha1', 'sha256', 'sha1'],
  ["fatal: Server does not support this repository's object format", 'sha1', 'sha256'],
  ["fatal: Server does not support this repository's object format", 'sha256', 'sha1'],
  ['fatal: mismatched algorithms: client sha1; server md5', 'sha1', undefined],
  ['fatal: repository not found', 'sha1', undefined],
] as const)('%s', (message, own, expected) => {
  expect(serverFormat(new Error(`Run(git fetch): ${message}`), own)).toBe(expected);
});
