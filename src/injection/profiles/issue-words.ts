/** What a library says of a wrong shape, in the words of Pillion's own messages. */
import type { BaseIssue } from 'valibot';

type Issue = Pick<BaseIssue<unknown>, 'expected' | 'received' | 'message'>;

/** A sentence without its subject: `is missing`, `unknown field`, `must be one of sidecar, init`. */
export function issueWords({ expected, received, message }: Issue): string {
  if (expected === 'never') {
    return 'unknown field';
  }
  if (received === 'undefined') {
    return 'is missing';
  }
  if (expected === null || !message.startsWith('Invalid ')) {
    return message;
  }
  const choices = expected.match(/"[^"]*"/g)?.map((choice) => choice.slice(1, -1));
  if (choices === undefined) {
    return `must be ${TYPES[expected] ?? expected}`;
  }
  return choices.length === 1 ? `must be ${choices[0]}` : `must be one of ${choices.join(', ')}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text (in quotes)',
  number: 'a number',
  boolean: 'true or false',
  Object: 'an object',
  Array: 'a list',
};
