/** How many bytes of bodies may be held at once. */
export interface ByteBudget {
  /** False when there is no room; otherwise the bytes are taken until they are given back. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createByteBudget(limit: number): ByteBudget {
  let free = limit;
  return {
    take(bytes) {
      if (bytes > free) {
        return false;
      }
      free -= bytes;
      return true;
    },
    giveBack(bytes) {
      free += bytes;
    },
  };
}
