import { readdirSync, readFileSync } from 'node:fs';
import { defineMetrics } from './definitions.ts';
import { type Readers, readMetrics } from './read-metrics.ts';
import type { MetricsRegistry } from './registry.ts';

/** What Prometheus clients of every language say about their process. */
export const PROCESS_METRICS = defineMetrics({
  residentMemory: {
    type: 'gauge',
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
  },
  cpu: {
    type: 'counter',
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
  },
  startTime: {
    type: 'gauge',
    name: 'process_start_time_seconds',
    help: 'Start time of the process since the Unix epoch in seconds.',
  },
  openFds: { type: 'gauge', name: 'process_open_fds', help: 'Number of open file descriptors.' },
  maxFds: { type: 'gauge', name: 'process_max_fds', help: 'Maximum number of open file descriptors.' },
});

/** The same at each reading, also when the clock has been set meanwhile. */
const STARTED_AT = Date.now() / 1000 - process.uptime();

const READERS: Readers<typeof PROCESS_METRICS> = {
  residentMemory: () => process.memoryUsage.rss(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  startTime: () => STARTED_AT,
  // The directory itself is open while it is read.
  openFds: () => readdirSync('/proc/self/fd').length - 1,
  maxFds: () => {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return limit === null ? undefined : Number(limit[1]);
  },
};

/** Adds them to a registry; what the system does not tell is left out. */
export function addProcessMetrics(registry: MetricsRegistry): void {
  readMetrics(PROCESS_METRICS, registry, READERS);
}
