import { expect, it } from 'vitest';
import { createPatience } from './patience.ts';

const RETRY = 'Load(<data/abc>, 0, 0) returned error, retrying after 1.2s: 500';

function scene() {
  let now = 0;
  const patience = createPatience(1000, () => now);
  const at = (time: number, line: string) => {
    now = time;
    patience.heard(line);
    return patience.signal.aborted;
  };
  return { patience, at };
}

it('ends when requests have failed for long enough and nothing was done', () => {
  const { at } = scene();
  expect(at(5000, RETRY)).toBe(false);
  expect(at(5999, RETRY)).toBe(false);
  expect(at(6000, RETRY)).toBe(true);
});

it('starts over with everything that is done', () => {
  const { patience, at } = scene();
  patience.done(10);
  expect(at(0, RETRY)).toBe(false);
  patience.done(11);
  expect(at(1500, RETRY)).toBe(false);
  patience.done(11);
  expect(at(2500, RETRY)).toBe(true);
});

it('does not end a slow store that does not fail', () => {
  const { at } = scene();
  expect(at(0, 'warning: something')).toBe(false);
  expect(at(100_000, 'another')).toBe(false);
});
