/** Settings of V8 for a process that has much to do at times, and is to be as quick then as it can be in little memory. */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * Both halves of the young generation. What a request leaves behind fits many times; V8 would go up to 64 MiB, which it
 * keeps after a busy minute.
 */
const YOUNG_BYTES = 4 << 20;

/**
 * From now on V8's second compiler is enough: the third takes 10 MiB, and gains a fifth only after tens of thousands of
 * requests. The old generation is collected when it has grown by a fifth, and not when it has doubled; the young one stops
 * growing at 4 MiB. No limit is set: what is large once in a while has the room that it needs.
 */
export function stayModest(): void {
  setFlagsFromString('--no-opt');
  setFlagsFromString('--heap-growing-percent=20');
  // Its limit can only be set before V8 starts, its growth at any time: watched at the only moments when it grows.
  const watch = new PerformanceObserver(() => {
    if (youngBytes() >= YOUNG_BYTES) {
      setFlagsFromString('--semi-space-growth-factor=1');
      watch.disconnect();
    }
  });
  watch.observe({ entryTypes: ['gc'] });
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
