import { describe, expect, it } from 'vitest';
import { movedBase, TAIL } from './moved-base.ts';

describe('the address that a redirect gives a repository', () => {
  it.each([
    ['https://new/b', `https://new/b${TAIL}`],
    ['https://old/b.git', `/b.git${TAIL}`],
    ['https://old/a.git', `https://old/a.git${TAIL}`],
  ])('is %s for %s', (base, location) => {
    expect(movedBase('https://old/a', location)).toBe(base);
  });

  it('may go from plain text to TLS, and not back', () => {
    expect(movedBase('http://old/a', `https://old/a${TAIL}`)).toBe('https://old/a');
    expect(movedBase('https://old/a', `http://old/a${TAIL}`)).toBeUndefined();
  });

  it.each([
    '/login?next=x',
    'https://new/b/info/refs',
    `ftp://new/b${TAIL}`,
    `https://user:password@new/b${TAIL}`,
    'http://[',
    '',
  ])('is for git to decide for %j', (location) => {
    expect(movedBase('https://old/a', location)).toBeUndefined();
  });
});
