import type { Command } from '../../scheduler/runs/command.ts';
import type { CronJob } from './cron-job.ts';

const INTERPRETERS = /^(?:ba|da|k|z|a)?sh$|^(?:python|perl|ruby|node|php)[\d.]*$/;
const WRAPPERS = new Set(['exec', 'nice', 'nohup', 'env', 'command', 'time', 'ionice', 'flock']);
/** Of a command; what comes later is never its program. */
const MAX_READ = 4096;
const MAX_NAME = 40;

/**
 * A name for a job that has none: the program's own, or that of the script an interpreter is given. Arguments and
 * assignments may hold secrets and never become part of it.
 */
export function derivedName(command: Command): string {
  const start = command.kind === 'shell' ? command.line : command.argv.slice(0, 4).join(' ');
  const words = start
    .slice(0, MAX_READ)
    .split(/\s+/)
    .filter((word) => word !== '' && !/^[A-Za-z_]\w*=/.test(word));
  const [first = 'job', second] = words.filter((word) => !WRAPPERS.has(word));
  const script = INTERPRETERS.test(baseName(first)) && second !== undefined && isScriptPath(second);
  const name = baseName(script ? second : first);
  return name.replaceAll(/[^\w.-]/g, '').slice(0, MAX_NAME) || 'job';
}

function isScriptPath(word: string): boolean {
  return !word.startsWith('-') && /^[\w./-]*[/.]/.test(word);
}

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/** Gives every job a name of its own: `curl`, `curl-2`, `curl-3`. Doubles among given names are errors elsewhere. */
export function uniqueNames(jobs: readonly CronJob[]): CronJob[] {
  const taken = new Set(jobs.filter((job) => job.named).map((job) => job.name));
  const nextNumbers = new Map<string, number>();
  return jobs.map((job) => {
    if (job.named) {
      return job;
    }
    let { name } = job;
    // Continues where the last job of that name has stopped: a file may have thousands of them.
    let number = nextNumbers.get(job.name) ?? 2;
    while (taken.has(name)) {
      name = `${job.name}-${number}`;
      number += 1;
    }
    nextNumbers.set(job.name, number);
    taken.add(name);
    return { ...job, name };
  });
}
