import { describe, expect, it } from 'vitest';
import { complaintOf, parseMessage } from './messages.ts';
import { reasonOf } from './reason.ts';

const rows: readonly (readonly [string, number | undefined, string, string])[] = [
  ['absent', 10, 'unable to open config file: stat nope/config: no such file or directory', 'exit code 10'],
  ['absent', 10, 'The specified key does not exist.', 'an unknown key at versitygw'],
  ['password', 12, 'wrong password or no key found', 'exit code 12'],
  ['denied', 1, 'unable to open config file: Stat: Access Denied.', '403 of S3'],
  ['denied', 1, 'server response unexpected: 401 Unauthorized', '401 of a REST server'],
  ['denied', 1, 'open /repo/config: permission denied', 'a directory of somebody else'],
  ['unreachable', undefined, 'dial tcp: lookup nosuch.invalid: no such host', 'DNS'],
  ['unreachable', undefined, 'dial tcp 127.0.0.1:1: connect: connection refused', 'nobody listens'],
  ['unreachable', undefined, 'x509: certificate signed by unknown authority', 'TLS'],
  ['unreachable', undefined, 'server response unexpected: 500 Internal Server Error', '500'],
  ['damaged', 1, 'config file has zero size, invalid repository?', 'half a repository'],
  ['damaged', 1, 'ciphertext verification failed', 'a flipped bit'],
  ['damaged', 1, 'pack a5: unexpected file size: got 10, expected 502', 'a pack that is cut off'],
  ['failed', 77, 'something new', 'a code of the future'],
];

describe('why restic could not say what a repository holds', () => {
  it.each(rows)('%s: exit code %s, "%s" (%s)', (kind, exitCode, said) => {
    const reason = reasonOf(
      { exitCode, timedOut: exitCode === undefined, complaints: [said] },
      'rest:http://h/',
    );
    expect(reason).toMatchObject({ kind, message: `rest:http://h/: ${said}` });
    expect(reason.hint).not.toBe('');
  });

  it('is unreachable when nothing at all came until the deadline', () => {
    expect(reasonOf({ exitCode: undefined, timedOut: true, complaints: [] }, 's3:x')).toMatchObject({
      kind: 'unreachable',
      message: 's3:x: no answer in time',
    });
  });

  it.each([
    [12, 'wrong password or no key found'],
    [10, 'unable to open config file: context canceled'],
    [130, 'signal terminated received, cleaning up'],
  ])('is unreachable when the deadline ended it with exit code %s, "%s"', (exitCode, said) => {
    const complaints = ['signal terminated received, cleaning up', said];
    expect(reasonOf({ exitCode, timedOut: true, complaints }, 's3:x')).toMatchObject({
      kind: 'unreachable',
      message: 's3:x: no answer in time',
    });
  });

  it('quotes what restic was trying when it was ended, not that it was ended', () => {
    const complaints = ['Stat returned error, retrying after 1s: connection refused', 'context canceled'];
    expect(reasonOf({ exitCode: 1, timedOut: true, complaints }, 's3:x').message).toContain(
      'connection refused',
    );
  });
});

describe('what restic prints', () => {
  it('is read as JSON where it is, and as text where it is not', () => {
    expect(parseMessage('{"message_type":"status"}')).toEqual({ message_type: 'status' });
    expect(parseMessage('created new cache')).toBeUndefined();
    expect(parseMessage('{"cut')).toBeUndefined();
  });

  it.each([
    [
      '{"message_type":"exit_error","code":1,"message":"Fatal: config broken\\nmain.open\\n\\tglobal.go:691"}',
      'config broken',
    ],
    [
      '{"message_type":"error","error":{"message":"open: denied"},"during":"archival","item":"/data/x"}',
      '/data/x: open: denied',
    ],
    ['{"message_type":"error","message":"pack broken"}', 'pack broken'],
    ['Fatal: unable to open', 'unable to open'],
    ['{"message_type":"from_the_future","x":1}', undefined],
    ['', undefined],
  ])('complains: %s', (line, said) => {
    expect(complaintOf(line)).toBe(said);
  });
});
