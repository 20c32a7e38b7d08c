import type { Writable } from 'node:stream';
import type { InputWriter } from './outcome.ts';

/** Lets a function write a child's input, and ends it. Rejects with what the function throws of its own. */
export async function writeInput(stdin: Writable, input: InputWriter): Promise<void> {
  let isClosed = false;
  const write = (bytes: string | Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const closed = () => {
        isClosed = true;
        reject(new Error('the program reads no more'));
      };
      stdin.once('close', closed);
      stdin.write(bytes, (error) => {
        stdin.off('close', closed);
        if (error === null || error === undefined) {
          resolve();
        } else {
          closed();
        }
      });
    });
  try {
    await input(write);
    stdin.end();
  } catch (error) {
    stdin.destroy();
    if (!isClosed) {
      throw error;
    }
  }
}
