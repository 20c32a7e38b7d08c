/** A change of a zone's offset from UTC. All values are milliseconds. */
export interface Transition {
  /** The first instant with the new offset. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

export interface Zone {
  readonly name: string;
  /** Wall time minus instant. */
  offsetAt(instant: number): number;
  /** The first change strictly after the instant and at or before `until`. */
  transitionAfter(instant: number, until: number): Transition | undefined;
}

/** A zone whose offset never changes. */
export function fixedZone(name: string, offset: number): Zone {
  return { name, offsetAt: () => offset, transitionAfter: () => undefined };
}
