/** Arguments of a program: one for each use of the option, or several at once as a JSON list. */
import { ValueError, type ValueType } from '../../core/options/option.ts';

/** A JSON list of strings; undefined for any other text. */
export function stringList(text: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((part) => typeof part === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** A text that begins with `[` is a list, also where it is meant as one argument: then it is a list of one. */
function parse(text: string): readonly string[] {
  const list = text.startsWith('[') ? stringList(text) : [text];
  if (list === undefined) {
    throw new ValueError('not a JSON list of strings');
  }
  return list;
}

export const argumentList: ValueType<readonly string[]> = {
  name: 'argument',
  expected: 'one argument, or a JSON list of them like ["-a", "b c"]',
  repeats: true,
  parse,
  append: (earlier, later) => [...earlier, ...later],
  format: (list) => (list.length === 0 ? '' : JSON.stringify(list)),
};
