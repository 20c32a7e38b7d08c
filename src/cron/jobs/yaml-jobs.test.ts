import { describe, expect, it } from 'vitest';
import { TEST_RULES } from '../testing/rules.ts';
import { formatFinding } from './findings.ts';
import { parseYamlJobs } from './yaml-jobs.ts';

const errorsOf = (text: string) => parseYamlJobs(text, 'jobs.yaml', TEST_RULES).errors.map(formatFinding);

describe('a job file in YAML', () => {
  it('has the keys of the comments, defaults for all jobs, and commands as lines or lists', () => {
    const { jobs, errors } = parseYamlJobs(
      `
tz: Europe/Berlin
env: { REGION: eu, LEVEL: 3 }
defaults: { timeout: 10m }
jobs:
  - name: backup
    schedule: 30 2 * * *
    command: ./backup.sh --all
    retries: 2
  - schedule: "@every 90s"
    command: [curl, -sf, "http://localhost/tick"]
    tz: UTC
    timeout: 5s
    env-file: secrets/db
    env: { LEVEL: 4 }
`,
      'jobs.yaml',
      TEST_RULES,
    );
    expect(errors).toEqual([]);
    expect(jobs).toMatchObject([
      {
        name: 'backup',
        line: 6,
        zone: 'Europe/Berlin',
        env: { REGION: 'eu', LEVEL: '3' },
        command: { kind: 'shell', line: './backup.sh --all' },
        options: { timeoutMs: 600_000, retries: 2 },
      },
      {
        name: 'curl',
        zone: 'UTC',
        env: { LEVEL: '4' },
        schedule: { kind: 'every', ms: 90_000 },
        command: { kind: 'program', argv: ['curl', '-sf', 'http://localhost/tick'] },
        options: { timeoutMs: 5000, envFile: 'secrets/db' },
      },
    ]);
  });

  it('warns of a step wider than its field', () => {
    const { errors, warnings } = parseYamlJobs(
      'jobs:\n  - schedule: "*/60 * * * *"\n    command: x\n',
      'jobs.yaml',
      TEST_RULES,
    );
    expect(errors).toEqual([]);
    expect(warnings.map(formatFinding)).toEqual([
      'jobs.yaml:2:17: step 60 of the minute is wider than the field: only its first value counts (write 0)',
    ]);
  });

  it.each([
    [
      'jobs:\n  - schedule: "61 * * * *"\n    command: x\n',
      'jobs.yaml:2:15: minute 61 is not in 0-59 (the first is 0, the last 59)',
    ],
    [
      'jobs:\n  - schedule: "@daily"\n',
      'jobs.yaml:2:5: jobs.0.command is missing (a file has jobs, a job has schedule and command)',
    ],
    [
      'jobs:\n  - schedule: "@daily"\n    command: x\n    timout: 5m\n',
      'jobs.yaml:4:13: unknown key "timout" (did you mean timeout?)',
    ],
    [
      'jobs:\n  - schedule: "@daily"\n    command: x\n    timeout: 5\n',
      'jobs.yaml:4:14: timeout: 5 needs a unit, for example 5s (such as 90s, 10m or 1h30m)',
    ],
    ['job: []\n', 'jobs.yaml:1:6: unknown key "job" (did you mean jobs?)'],
    [
      'defaults: {overlap: never}\njobs: []\n',
      'jobs.yaml:1:21: overlap: "never" is none of its values (forbid, allow, replace, queue)',
    ],
    [
      'jobs: [',
      'jobs.yaml:1:8: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'env: { A: 1 }\njobs: *none\n',
      'jobs.yaml:2:7: Unresolved alias (the anchor must be set before the alias): none (an alias (*name) stands for an anchor (&name) above it, up to 100 times)',
    ],
    [
      'tz: Mars/Olympus\njobs: [{schedule: "@daily", command: x}]\n',
      'jobs.yaml:1:5: tz: unknown time zone "Mars/Olympus" (a name such as Europe/Berlin)',
    ],
  ])('%# is refused with position and advice', (text, expected) => {
    expect(errorsOf(text)).toContain(expected);
  });
});
