import { describe, expect, it } from 'vitest';
import { bothChanges, deliveryBody, NO_PATHS, pathCollector } from './delivery-body.ts';

describe('the changed paths that a receiver is told', () => {
  const collect = (...chunks: readonly (string | Buffer)[]) => {
    const { push, result } = pathCollector();
    chunks.forEach((chunk) => push(Buffer.from(chunk)));
    return result();
  };

  it('are whole, however they come in pieces', () => {
    expect(collect('a\0b/', 'c\nd\0', '"e"\0')).toEqual({
      paths: ['a', 'b/c\nd', '"e"'],
      isTruncated: false,
    });
    expect(collect()).toEqual(NO_PATHS);
  });

  it('are the first 1000, or what fits into 64 KiB', () => {
    const many = collect('p\0'.repeat(50_000));
    expect(many.paths).toHaveLength(1000);
    expect(many.isTruncated).toBe(true);
    const long = collect(`${'x'.repeat(40_000)}\0${'y'.repeat(40_000)}\0`, `${'z'.repeat(1024 * 1024)}\0`);
    expect(long.paths).toEqual(['x'.repeat(40_000)]);
    expect(long.isTruncated).toBe(true);
  });

  it('are text whatever bytes a path has', () => {
    const { paths } = collect(Buffer.from([0xff, 0x1b, 0x22, 0]));
    expect(
      JSON.parse(
        deliveryBody({
          hash: 'h',
          previous: undefined,
          repository: 'r',
          ref: 'main',
          changed: { paths, isTruncated: false },
        }),
      ),
    ).toEqual({
      hash: 'h',
      previousHash: null,
      repository: 'r',
      ref: 'main',
      changedPaths: ['\ufffd\u001b"'],
      changedPathsTruncated: false,
    });
  });

  it('of two changes in a row are those of both, once each, and not known where one is not', () => {
    const change = (...paths: string[]) => ({ paths, isTruncated: false });
    expect(bothChanges(change('a', 'b'), change('b', 'c'))).toEqual(change('a', 'b', 'c'));
    expect(bothChanges(undefined, change('a'))).toBeUndefined();
    expect(bothChanges(change('a'), undefined)).toBeUndefined();
    expect(bothChanges({ ...NO_PATHS, isTruncated: true }, change('a'))?.isTruncated).toBe(true);
    const many = (name: string) => change(...Array.from({ length: 700 }, (_, n) => `${name}${n}`));
    const both = bothChanges(many('a'), many('b'));
    expect(both?.paths).toHaveLength(1000);
    expect(both?.isTruncated).toBe(true);
    const long = bothChanges(change('x'.repeat(40_000)), change('y'.repeat(40_000)));
    expect(long).toEqual({ paths: ['x'.repeat(40_000)], isTruncated: true });
  });
});
