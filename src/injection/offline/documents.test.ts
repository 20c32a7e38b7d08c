import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitDocuments } from './documents.ts';

test('a stream is cut where documents begin, and is whole again when it is joined', () => {
  const piece = fc.constantFrom(
    '---',
    '---\n',
    '--- a\n',
    '----\n',
    ' ---\n',
    '%YAML 1.1\n',
    '%x\n',
    '...\n',
    'a: b\n',
    '\r\n',
    '# c\n',
    '|\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const stream = pieces.join('');
      const documents = splitDocuments(stream);
      expect(documents.map(({ text }) => text).join('')).toBe(stream);
      for (const { text, line } of documents) {
        const at = stream
          .split('\n')
          .slice(line - 1)
          .join('\n');
        expect(at.startsWith(text)).toBe(true);
      }
    }),
  );
  expect(
    splitDocuments('%YAML 1.1\n---\na\n...\n%YAML 1.2\n---\nb').map(({ text, line }) => [text, line]),
  ).toEqual([
    ['%YAML 1.1\n---\na\n...\n', 1],
    ['%YAML 1.2\n---\nb', 5],
  ]);
});
