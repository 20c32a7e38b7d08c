import { expect, it } from 'vitest';
import { createReplays, type Seen } from './replays.ts';

const seen = (parts: Partial<Seen>): Seen => ({
  id: undefined,
  body: undefined,
  before: undefined,
  after: undefined,
  ...parts,
});

it('a delivery is known by its id, and by its body under any other id', () => {
  const replays = createReplays();
  const first = seen({ id: '1', body: 'x', before: 'A', after: 'B' });
  expect(replays.has(first)).toBe(false);
  replays.add(first);
  expect(replays.has(first)).toBe(true);
  expect(replays.has({ ...first, id: '2' })).toBe(true);
  expect(replays.has({ ...first, id: undefined })).toBe(true);
  expect(replays.has({ ...first, body: 'y' })).toBe(true);
  expect(replays.has({ ...first, id: '2', body: 'y' })).toBe(false);
});

it('a branch that goes back and forth is no replay, since each push begins where the last has ended', () => {
  const replays = createReplays();
  const forth = (id: string) => seen({ id, body: 'forth', before: 'A', after: 'B' });
  const back = (id: string) => seen({ id, body: 'back', before: 'B', after: 'A' });
  for (const push of [forth('1'), back('2'), forth('3'), back('4')]) {
    expect(replays.has(push)).toBe(false);
    replays.add(push);
  }
  expect(replays.has(back('5'))).toBe(true);
});

it('an old push that somebody has recorded is a replay later, too', () => {
  const replays = createReplays();
  const old = seen({ id: '1', body: 'old', before: 'A', after: 'B' });
  replays.add(old);
  replays.add(seen({ id: '2', body: 'new', before: 'B', after: 'C' }));
  expect(replays.has({ ...old, id: '3' })).toBe(true);
});

it('who has neither id nor body is never known: a token is proof enough each time', () => {
  const replays = createReplays();
  replays.add(seen({}));
  expect(replays.has(seen({}))).toBe(false);
});

it('only so many are remembered, the newest', () => {
  const replays = createReplays(3);
  for (const id of ['1', '2', '3', '4']) {
    replays.add(seen({ id }));
  }
  expect(['1', '2', '3', '4'].map((id) => replays.has(seen({ id })))).toEqual([false, true, true, true]);
});
