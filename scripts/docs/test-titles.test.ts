import { describe, expect, it } from 'vitest';
import { titlesIn } from './test-titles.ts';

describe('the titles of a test file', () => {
  it('are found whatever quotes and modifiers they are written with', () => {
    const source = `describe('a link', () => { it("is one step", f); it.concurrent('isn\\'t \\n torn', f);
      it.each(ROWS)(\`%s is kept\`, f); it.skipIf(x)('needs root', f); });`;
    expect(titlesIn(source)).toEqual([
      { group: 'a link', title: 'is one step' },
      { group: 'a link', title: "isn't \\n torn" },
      { group: 'a link', title: '%s is kept' },
      { group: 'a link', title: 'needs root' },
    ]);
  });
});
