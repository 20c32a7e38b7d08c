import { describe, expect, test } from 'vitest';
import { createReadingRoom } from './reading-room.ts';

function room(places: number, bytes: number) {
  let time = 0;
  const gone: string[] = [];
  const { enter } = createReadingRoom({ places, bytes, now: () => time });
  return {
    gone,
    pass: (ms: number) => {
      time += ms;
    },
    enter: (address: string, size = 1) =>
      enter({ address, bytes: size, giveUp: (ms) => void gone.push(`${address} after ${ms}`) }),
  };
}

describe('where all places are taken', () => {
  test('a newcomer takes that of whoever is slow, the one first that was first', () => {
    const { enter, pass, gone } = room(2, 100);
    enter('a');
    pass(400);
    enter('b');
    pass(600);
    expect(enter('c')).toBeDefined();
    expect(gone).toEqual(['a after 1000']);
    expect(enter('d')).toBeUndefined();
  });

  test('by one address, another address takes one at once, and the same one has to wait', () => {
    const { enter, gone } = room(3, 100);
    enter('a');
    enter('b');
    enter('b');
    expect(enter('b')).toBeUndefined();
    expect(enter('a')).toBeDefined();
    expect(gone).toEqual(['b after 0']);
  });

  test('by many addresses who are not slow, a newcomer is told so', () => {
    const { enter, gone } = room(2, 100);
    enter('a');
    enter('b');
    expect(enter('c')).toBeUndefined();
    expect(gone).toEqual([]);
  });

  test('a place that is given back is free again, once', () => {
    const { enter } = room(1, 100);
    const place = enter('a');
    place?.leave();
    place?.leave();
    expect(enter('a')).toBeDefined();
    expect(enter('a')).toBeUndefined();
  });
});

describe('where no bytes are left', () => {
  test('as many go as make room', () => {
    const { enter, pass, gone } = room(10, 10);
    enter('a', 4);
    enter('b', 4);
    enter('c', 2);
    pass(1_000);
    expect(enter('d', 7)).toBeDefined();
    expect(gone).toEqual(['a after 1000', 'b after 1000']);
  });

  test('a body that fits nowhere is refused when it has driven out whoever was slow', () => {
    const { enter } = room(10, 10);
    expect(enter('a', 11)).toBeUndefined();
  });
});

describe('whoever needs more for a body that is there', () => {
  test('gets it where it is left, and gives all of it back', () => {
    const { enter } = room(10, 10);
    const place = enter('a', 2);
    expect(place?.grow(8)).toBe(true);
    expect(enter('a')).toBeUndefined();
    place?.leave();
    expect(enter('a', 10)).toBeDefined();
  });

  test('gets it from whoever is slow', () => {
    const { enter, pass, gone } = room(10, 10);
    enter('a', 6);
    pass(1_000);
    const place = enter('b', 2);
    expect(place?.grow(6)).toBe(true);
    expect(gone).toEqual(['a after 1000']);
  });

  test('does not get it where nobody is slow, and keeps the place', () => {
    const { enter, gone } = room(10, 10);
    const other = enter('a', 5);
    const place = enter('b', 2);
    expect(place?.grow(4)).toBe(false);
    expect(enter('c', 4)).toBeUndefined();
    other?.leave();
    expect(place?.grow(8)).toBe(true);
    expect(gone).toEqual([]);
  });

  test('is not in its own way, and does not get it once it had to go', () => {
    const { enter, pass, gone } = room(1, 10);
    const place = enter('a', 6);
    pass(1_000);
    expect(place?.grow(4)).toBe(true);
    pass(1_000);
    enter('b', 1);
    expect(gone).toEqual(['a after 1000']);
    expect(place?.grow(1)).toBe(false);
    place?.leave();
    expect(enter('b', 1)).toBeUndefined();
  });
});
