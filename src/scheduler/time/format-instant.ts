import type { Zone } from './zone.ts';

/** RFC 3339 with the zone's own offset: `2025-03-09T03:00:00-04:00`; `Z` for UTC. */
export function formatInstant(instant: number, zone: Zone): string {
  const offset = zone.offsetAt(instant);
  const wall = new Date(instant + offset).toISOString().slice(0, 19);
  return `${wall}${formatOffset(offset)}`;
}

function formatOffset(offset: number): string {
  if (offset === 0) {
    return 'Z';
  }
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
