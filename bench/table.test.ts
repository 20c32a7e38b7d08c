import { describe, expect, it } from 'vitest';
import { render, replaceBetweenMarkers } from './table.ts';

const DOCUMENT =
  'before\n\n<!-- bench a -->\n\nold\n\n<!-- bench end -->\n\n<!-- bench b -->\n<!-- bench end -->\nafter\n';

describe('a table of measurements', () => {
  it('takes the place of the one before, and of no other', () => {
    const once = replaceBetweenMarkers(DOCUMENT, 'a', 'new\n');
    expect(once).toBe(DOCUMENT.replace('old', 'new'));
    expect(replaceBetweenMarkers(once, 'a', 'new\n')).toBe(once);
    expect(replaceBetweenMarkers(DOCUMENT, 'b', 'new\n')).toContain(
      '<!-- bench b -->\n\nnew\n\n<!-- bench end -->',
    );
  });

  it('without a place in the document is an error', () => {
    expect(() => replaceBetweenMarkers(DOCUMENT, 'c', '')).toThrow('no place for "c"');
  });

  it('says below itself where it was measured', () => {
    const text = render({ head: ['what', 'ms'], rows: [['a', '1']], note: 'a note' }, 'a machine');
    expect(text).toBe('| what | ms |\n|---|---|\n| a | 1 |\n\na machine. a note.\n');
  });
});
