import { defineJob } from '../define-job.ts';
import type { JobBody } from '../job-body.ts';
import type { JobPolicy, JobSpec } from '../job-spec.ts';

const succeed: JobBody = () => Promise.resolve({ result: 'success', text: 'done' });

/** Jobs in lines of `schedule name`, in a pod that is always the same. */
export function jobsFrom(
  lines: string,
  policies: Readonly<Record<string, Partial<JobPolicy>>> = {},
  body: JobBody = succeed,
): JobSpec[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const at = line.lastIndexOf(' ');
      const name = line.slice(at + 1);
      return defineJob({ name, schedule: line.slice(0, at), policy: policies[name], body }, 'pod-0');
    });
}

/** One job that is due every minute. */
export function jobWith(body: JobBody, policy: Partial<JobPolicy> = {}): JobSpec {
  return defineJob({ name: 'job', schedule: '* * * * *', policy, body }, 'pod-0');
}
