/** A stream of YAML or JSON as its documents, cut where YAML says that documents end: nothing is lost between them. */

export interface DocumentText {
  readonly text: string;
  /** The line of the stream on which it begins, from 1. */
  readonly line: number;
}

/** Lines that begin a document: YAML allows them nowhere else, not even inside a block of text. */
const BOUNDARY = /^---(?=[ \t\r\n]|$)/gm;

/** The documents in their order; joined again they are the stream, byte for byte. */
export function splitDocuments(stream: string): DocumentText[] {
  const starts = [...stream.matchAll(BOUNDARY)].map(({ index }) => withDirectives(stream, index));
  const cuts = starts[0] === 0 ? starts : [0, ...starts];
  let line = 1;
  return cuts.map((start, at) => {
    const text = stream.slice(start, cuts[at + 1] ?? stream.length);
    const document = { text, line };
    line += newlines(text);
    return document;
  });
}

/** Lines such as `%YAML 1.1` before a boundary belong to the document behind it. */
function withDirectives(stream: string, boundary: number): number {
  let start = boundary;
  while (start > 0) {
    const previous = stream.lastIndexOf('\n', start - 2) + 1;
    if (stream[previous] !== '%') {
      break;
    }
    start = previous;
  }
  return start;
}

export function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
}
