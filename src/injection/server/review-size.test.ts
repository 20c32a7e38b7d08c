import { describe, expect, it } from 'vitest';
import { reviewOfSize } from '../../../bench/injector/pods.ts';
import { MAX_BODY_BYTES, ROOM } from './handler.ts';
import { memoryOf, REVIEW_LIMITS, sizeOfReview } from './review-size.ts';

/** What the largest review takes, with its body. */
const MOST_MEMORY = MAX_BODY_BYTES + memoryOf(REVIEW_LIMITS, MAX_BODY_BYTES);

const filled = (item: (at: number) => string): Buffer => {
  const items: string[] = [];
  for (let bytes = 0, at = 0; bytes < MAX_BODY_BYTES - 1000; at += 1) {
    const text = item(at);
    items.push(text);
    bytes += text.length + 1;
  }
  return Buffer.from(`[${items.join(',')}]`);
};

describe('a body that makes much of few bytes', () => {
  it.each([
    ['objects', filled(() => '{}'), 413],
    ['lists', filled(() => '[]'), 413],
    ['numbers', filled(() => '1'), 413],
    ['lists in lists', Buffer.from('['.repeat(MAX_BODY_BYTES)), 400],
    ['objects in objects', Buffer.from('{"a":'.repeat(MAX_BODY_BYTES / 5)), 400],
    [
      'objects of which none is like another',
      filled((at) => `{"${at.toString(36)}":"${'-'.repeat(30)}"}`),
      413,
    ],
    ['one object with too many members', Buffer.from(`{"a":${'"b":1,'.repeat(500_000)}"c":1}`), 413],
  ])('is refused before it is parsed: %s', (_what, body, status) => {
    expect(sizeOfReview(body)).toMatchObject({ status, problem: expect.stringMatching(/^the body has /) });
  });
});

it('a pod of 3 MiB stays below half of what is allowed', () => {
  const sized = sizeOfReview(Buffer.from(reviewOfSize(3 << 20)));
  expect(sized).toHaveProperty('memory');
  expect('memory' in sized && sized.memory).toBeLessThan(MOST_MEMORY / 2);
});

it('the largest review that is allowed has room when it comes alone', () => {
  expect(MOST_MEMORY).toBeLessThan(ROOM.bytes);
});
