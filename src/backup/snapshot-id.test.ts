import { expect, it } from 'vitest';
import { shownId } from './snapshot-id.ts';

it('shows the beginning of a hash, and the whole of an id that is a time', () => {
  expect(shownId('f66c491210577eb7410fed0c125d30071d99c89d6b78dfa99be234c2099fd6c8')).toBe('f66c49121057');
  expect(shownId('3774adfc22c99cb676f88ecf79a452a0b205ef4b')).toBe('3774adfc22c9');
  expect(shownId('2026-11-29T09-17-55-853Z-db2ba50a')).toBe('2026-11-29T09-17-55-853Z-db2ba50a');
});
