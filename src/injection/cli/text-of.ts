/** Bytes -> text, without losing one: what is no UTF-8 would come out as something else. */
import { isUtf8 } from 'node:buffer';

/** The text of a file with everything that is in it, its byte order mark too; or the line (from 1) that cannot be read, and why. */
export function textOfBytes(bytes: Buffer): string | { readonly line: number; readonly why: string } {
  if (isUtf8(bytes)) {
    return bytes.toString('utf8');
  }
  const [first = 0, second = 0] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { line: 1, why: 'UTF-16, where UTF-8 is read' };
  }
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, from);
    const to = newline === -1 ? bytes.length : newline + 1;
    if (!isUtf8(bytes.subarray(from, to))) {
      break;
    }
    from = to;
  }
  return { line, why: 'no UTF-8' };
}
