import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { JobSpec } from '../../scheduler/job-spec.ts';
import { commandText } from '../../scheduler/runs/command.ts';
import { commandBody } from '../../scheduler/runs/command-body.ts';
import type { CommandOutput } from '../../scheduler/runs/command-output.ts';
import { findZone } from '../../scheduler/time/find-zone.ts';

import type { CronJob } from './cron-job.ts';

/** A job of a file as the scheduler runs it. */
export interface CronSpec extends JobSpec {
  /** What its file says. */
  readonly source: CronJob;
}

export interface SpecContext {
  /** The scheduler's own environment, which jobs inherit. */
  readonly env: Readonly<Record<string, string>>;
  readonly output: CommandOutput;
  /** Reads an `env-file`. */
  readonly readEnvFile: (path: string) => Promise<Readonly<Record<string, string>>>;
}

export function cronSpec(job: CronJob, context: SpecContext): CronSpec {
  const { options, command, cwd } = job;
  const { envFile } = options;
  async function readEnv(): Promise<Record<string, string>> {
    // A relative path is the kernel's to resolve, as it is for the job, unless the job has a directory of its own.
    const path = envFile === undefined || cwd === undefined ? envFile : resolve(cwd, envFile);
    const fromFile = path === undefined ? {} : await context.readEnvFile(path);
    return { ...context.env, ...job.env, ...fromFile };
  }
  return {
    name: job.name,
    schedule: job.schedule,
    scheduleText: job.scheduleText,
    zone: job.zone === undefined ? undefined : findZone(job.zone),
    policy: options,
    body: commandBody({
      command,
      cwd,
      readEnv,
      exitRules: options.exitCodes,
      maxOutputBytes: options.maxOutputBytes,
      leftovers: options.leftovers,
      output: context.output,
    }),
    fingerprint: fingerprint(job),
    stateKey: stateKey(job),
    source: job,
  };
}

/** Everything about a job that makes it the same job after a reload, except its place and derived name. */
function fingerprint({ scheduleText, command, env, cwd, zone, options }: CronJob): string {
  const text = JSON.stringify([scheduleText, command, env, cwd, zone, options]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** By its given name, or by what it does and when. */
function stateKey({ name, named, scheduleText, command }: CronJob): string {
  const text = `${scheduleText}\n${commandText(command)}`;
  return named ? name : `${name}#${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
