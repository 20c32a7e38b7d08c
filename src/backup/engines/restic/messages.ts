/** restic's output for programs: JSON lines on both streams, with plain text among them. */

export interface Message {
  readonly message_type?: unknown;
  readonly [key: string]: unknown;
}

/** The message on a line; undefined for text, which restic prints even with --json, and for JSON that is no object. */
export function parseMessage(line: string): Message | undefined {
  if (!line.startsWith('{')) {
    return undefined;
  }
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

/** What a line of the error stream says, for people; the stack of a Go error is left out. */
export function complaintOf(line: string): string | undefined {
  const message = parseMessage(line);
  const text = message === undefined ? line : textOf(message);
  const [first = ''] = (text ?? '').split('\n');
  const clean = first
    .replace('\u001b[2K', '')
    .replace(/^Fatal: /, '')
    .trim();
  return clean === '' ? undefined : clean;
}

function textOf(message: Message): string | undefined {
  switch (message.message_type) {
    case 'exit_error':
      return stringOf(message['message']);
    case 'error': {
      const error = message['error'];
      const inner = typeof error === 'object' && error !== null ? (error as Message)['message'] : undefined;
      const text = stringOf(inner) ?? stringOf(message['message']) ?? 'error';
      const item = stringOf(message['item']);
      return item === undefined || item === '' || text.includes(item) ? text : `${item}: ${text}`;
    }
    default:
      return undefined;
  }
}

export const stringOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** restic leaves out what is 0. */
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
