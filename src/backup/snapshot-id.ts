/** Ids of snapshots as people are shown them. */

/** As much of a hash as names it, and the whole of an id that begins with a time, as those of one day would look alike. */
export function shownId(id: string): string {
  return /^[0-9a-f]{40,}$/.test(id) ? id.slice(0, 12) : id;
}
