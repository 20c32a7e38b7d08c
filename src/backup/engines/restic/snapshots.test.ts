import { describe, expect, it } from 'vitest';
import { parseIds, stateFrom } from './snapshots.ts';

const id = (digit: string) => digit.repeat(64);
const listed = (digit: string, time: string, tags: readonly string[], extra = {}) => ({
  id: id(digit),
  time,
  paths: ['/data', '/tmp/scratch/pillion-manifest'],
  tags,
  ...extra,
});
const ours = ['pillion', 'volume=data'];
const state = (ids: readonly string[], items: readonly unknown[]) =>
  stateFrom(ids.map(id), JSON.stringify(items), 'data', 'repo');

describe('what a restic repository has of a volume', () => {
  it('is its snapshots, newest first, and where volume and manifest lie in them', () => {
    const summary = { total_files_processed: 5, total_bytes_processed: 100 };
    const items = [
      listed('a', '2026-01-01T00:00:00Z', ours),
      listed('b', '2026-01-02T00:00:00Z', [...ours, 'bytes=70'], { summary }),
    ];
    expect(state(['a', 'b'], items)).toEqual({
      kind: 'HAS',
      damaged: [],
      snapshots: [
        {
          id: id('b'),
          time: Date.parse('2026-01-02T00:00:00Z'),
          root: '/data',
          manifest: '/tmp/scratch/pillion-manifest',
          files: 4,
          bytes: 70,
          isPartial: false,
        },
        expect.objectContaining({ id: id('a') }),
      ],
    });
  });

  it('is nothing when every snapshot can be read and none is of the volume', () => {
    expect(state([], [])).toEqual({ kind: 'NONE' });
    expect(stateFrom([], 'null', 'data', 'repo')).toEqual({ kind: 'NONE' });
    const others = [
      listed('a', '2026-01-01T00:00:00Z', ['volume=other']),
      listed('b', '2026-01-01T00:00:00Z', []),
    ];
    expect(state(['a', 'b'], others)).toEqual({ kind: 'NONE' });
  });

  it('is unknown when a snapshot cannot be read and none is left of the volume', () => {
    expect(state(['a'], [])).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'damaged' } });
    const other = listed('b', '2026-01-01T00:00:00Z', ['volume=other']);
    expect(state(['a', 'b'], [other])).toMatchObject({ kind: 'UNKNOWN' });
  });

  it('tells which snapshots cannot be read when others can', () => {
    const items = [listed('a', '2026-01-01T00:00:00Z', ours)];
    expect(state(['a', 'c'], items)).toMatchObject({ kind: 'HAS', damaged: [id('c')] });
  });

  it.each(['', '{', '{}', '"x"', '[1]', '[{"id":1}]'])('is unknown when restic prints %s', (json) => {
    expect(stateFrom([id('a')], json, 'data', 'repo')).toMatchObject({ kind: 'UNKNOWN' });
    expect(stateFrom([], json, 'data', 'repo')).toMatchObject({ kind: 'UNKNOWN' });
  });

  it('is unknown when the list would be far more in memory than it is long', () => {
    const json = `[${'{},'.repeat(3_000_000)}{}]`;
    expect(stateFrom([], json, 'data', 'repo')).toMatchObject({
      kind: 'UNKNOWN',
      reason: { message: expect.stringContaining('far too long') },
    });
  });

  it('takes a volume for itself alone, not one whose name begins like it', () => {
    expect(state(['a'], [listed('a', '2026-01-01T00:00:00Z', ['volume=data2'])])).toEqual({ kind: 'NONE' });
  });

  it.each([
    ['two directories', { paths: ['/a', '/b', '/tmp/pillion-manifest'] }],
    ['nothing but a manifest', { paths: ['/tmp/pillion-manifest'] }],
    ['a path that leads out of it', { paths: ['/../../etc', '/tmp/pillion-manifest'] }],
    ['a manifest that lies outside of it', { paths: ['/data', '/../pillion-manifest'] }],
    ['a relative path', { paths: ['data'] }],
    ['a time that is none', { time: 'yesterday' }],
    ['an id that is an option', { id: '--password-command=sh' }],
  ])('is never a snapshot with %s', (_, extra) => {
    const strange = listed('a', '2026-01-01T00:00:00Z', ours, extra);
    expect(state(['a'], [strange])).toMatchObject({ kind: 'UNKNOWN', reason: { kind: 'damaged' } });
    const good = listed('b', '2026-01-02T00:00:00Z', ours);
    expect(state(['a', 'b'], [strange, good])).toMatchObject({
      kind: 'HAS',
      damaged: [id('a')],
      snapshots: [{ id: id('b') }],
    });
  });
});

it('reads ids among whatever else restic says', () => {
  expect(parseIds(`created new cache\n${id('a')}\n ${id('b')} \nabc\n`)).toEqual([id('a'), id('b')]);
});
