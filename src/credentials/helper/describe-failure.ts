import { errorMessage } from '../../core/errors.ts';

const LONGEST_MESSAGE = 400;

/** What the AWS SDK has thrown. A parser of JSON quotes what it could not read, and that may be the keys. */
export function describeFailure(error: unknown): { name: string; message: string } {
  if (error instanceof SyntaxError) {
    return { name: 'InvalidAnswer', message: 'what answered at its address is not JSON' };
  }
  const name = error instanceof Error ? error.name : 'Error';
  return { name, message: errorMessage(error).slice(0, LONGEST_MESSAGE) };
}
