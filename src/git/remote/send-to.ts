import type { Duplex } from 'node:stream';

/** Writes as fast as the other side reads; what nobody reads any more is dropped. */
export const sendTo =
  (target: Duplex) =>
  (chunk: Buffer): Promise<void> =>
    new Promise((resolve) => {
      target.once('close', resolve);
      target.write(chunk, () => {
        target.off('close', resolve);
        resolve();
      });
    });
