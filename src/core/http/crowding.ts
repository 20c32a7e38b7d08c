/** Who has to go when a server has as many connections as it may have. */

export interface Crowd<T> {
  readonly connection: T;
  readonly address: string;
  /** A request is complete and its answer is not: the wait is ours, not the client's. */
  readonly isBusy: boolean;
}

/**
 * Of the address that has most connections, the one that has kept us waiting for the longest time: idle between
 * requests, in a handshake, slow with its headers or its body, or with its answer unread. A client that holds many so makes
 * room for others, and the kubelet's probes are answered however many there are. Undefined when all are busy.
 * @param waiting in the order in which they began to wait
 */
export function chooseVictim<T>(waiting: Iterable<Crowd<T>>): T | undefined {
  const all = [...waiting];
  const perAddress = new Map<string, number>();
  for (const { address } of all) {
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
  }
  let victim: Crowd<T> | undefined;
  const crowd = (one: Crowd<T> | undefined) => (one === undefined ? 0 : (perAddress.get(one.address) ?? 0));
  for (const each of all) {
    if (!each.isBusy && crowd(each) > crowd(victim)) {
      victim = each;
    }
  }
  return victim?.connection;
}
