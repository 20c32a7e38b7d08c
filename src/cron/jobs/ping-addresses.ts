/** Addresses of pings and webhooks are bearer secrets: anyone who knows one can report that all is well. */
import type { CommandContext } from '../../core/command.ts';
import { addFound } from '../../core/options/redactor.ts';
import { CAPABILITY_URL } from '../../core/options/secrecy.ts';
import type { Cause } from '../../scheduler/job-body.ts';
import type { Channel } from '../../scheduler/runs/command-output.ts';
import type { RunResult } from '../../scheduler/runs/job.ts';
import type { CronJob } from './cron-job.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What log lines and `/status` have as a value of its own. A path of `/failure` must not take it out of them. */
const RECORDED: Readonly<Record<RunResult | Cause | Channel, true>> = {
  success: true,
  failure: true,
  timeout: true,
  stopped: true,
  schedule: true,
  start: true,
  'catch-up': true,
  command: true,
  stdout: true,
  stderr: true,
};

/** The address itself, or what `$NAME` holds in the environment of a job; undefined when that is no URL. */
export function pingAddress(
  configured: string,
  ofJob: Environment,
  ofProcess: Environment,
): string | undefined {
  const name = configured.startsWith('$') ? configured.slice(1) : undefined;
  const url = name === undefined ? configured : (ofJob[name] ?? ofProcess[name] ?? '');
  return URL.canParse(url) ? url : undefined;
}

/**
 * Declares the addresses of all jobs, before any of them runs: a job may print its own. Names of jobs stay readable, as
 * the path of a ping often ends in one.
 */
export function declarePingAddresses(
  jobs: readonly CronJob[],
  { env, secrets }: Pick<CommandContext, 'env' | 'secrets'>,
): void {
  const open = new Set([...Object.keys(RECORDED), ...jobs.map(({ name }) => name)]);
  for (const job of jobs) {
    const { ping, onSuccess, onFailure } = job.options;
    for (const configured of [ping, onSuccess, onFailure]) {
      const url = configured === undefined ? undefined : pingAddress(configured, job.env, env);
      if (url !== undefined) {
        secrets.add(url);
        const found = CAPABILITY_URL.find(url).filter(({ value }) => !open.has(value));
        addFound(secrets, found);
      }
    }
  }
}
