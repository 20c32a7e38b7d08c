/**
 * Who may be read from at once. Reading costs memory and a place, and both are taken for as long as a client likes to send; what
 * is made of a body when it is there costs more memory.
 */

/** A body that is not there yet. */
export interface Reader {
  readonly address: string;
  /** What the body may come to. */
  readonly bytes: number;
  /** Called when others need the place: the request ends. */
  readonly giveUp: (waitedMs: number) => void;
}

export interface Place {
  /** Takes more memory, if there is some; the place is kept either way. */
  grow(bytes: number): boolean;
  /** Gives all of it back. */
  leave(): void;
}

export interface ReadingRoom {
  /** Undefined where there is no place. */
  enter(reader: Reader): Place | undefined;
}

export interface ReadingRoomInit {
  readonly places: number;
  readonly bytes: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** An API server sends a body at once; whoever takes longer is in the way where others wait. */
const SLOW_MS = 1_000;

/**
 * Where all places (or bytes) are taken, the one that has been waited for longest has to go, if it is slow, or if more than half
 * of them is held by its address and the newcomer has another one. So whoever sends in drops shuts out nobody.
 */
export function createReadingRoom({ places, bytes, now }: ReadingRoomInit): ReadingRoom {
  // In the order in which they came.
  const readers = new Map<Reader, number>();
  let free = bytes;

  function leave(reader: Reader): void {
    if (readers.delete(reader)) {
      free += reader.bytes;
    }
  }

  function slowest(newcomer: Reader): Reader | undefined {
    const [oldest] = readers;
    if (oldest !== undefined && now() - oldest[1] >= SLOW_MS) {
      return oldest[0];
    }
    const held = new Map<string, { count: number; bytes: number; oldest: Reader }>();
    for (const reader of readers.keys()) {
      const its = held.get(reader.address) ?? { count: 0, bytes: 0, oldest: reader };
      its.count += 1;
      its.bytes += reader.bytes;
      held.set(reader.address, its);
    }
    held.delete(newcomer.address);
    return [...held.values()].find((its) => its.count > places / 2 || its.bytes > bytes / 2)?.oldest;
  }

  function makeRoom(newcomer: Reader): boolean {
    while (readers.size >= places || newcomer.bytes > free) {
      const victim = slowest(newcomer);
      if (victim === undefined) {
        return false;
      }
      const since = readers.get(victim) ?? 0;
      leave(victim);
      victim.giveUp(now() - since);
    }
    return true;
  }

  function take(reader: Reader): void {
    readers.set(reader, now());
    free -= reader.bytes;
  }

  return {
    enter(first) {
      if (!makeRoom(first)) {
        return undefined;
      }
      let reader = first;
      take(reader);
      return {
        grow(more) {
          const grown = { ...reader, bytes: reader.bytes + more };
          // It must not be in its own way, and has to be there still.
          if (!readers.has(reader)) {
            return false;
          }
          leave(reader);
          const hasRoom = makeRoom(grown);
          reader = hasRoom ? grown : reader;
          take(reader);
          return hasRoom;
        },
        leave: () => leave(reader),
      };
    },
  };
}
