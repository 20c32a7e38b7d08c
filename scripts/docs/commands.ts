/** What the reference documents: one entry per command, made of the same tables as the program. */
import { STORE_ERRORS } from '../../src/backup/errors.ts';
import { BACKUP_GAUGES, RESTORE_GAUGES, RESTORE_METRICS } from '../../src/backup/metrics.ts';
import {
  BACKUP_OPTIONS,
  DRILL_OPTIONS,
  NOW_OPTIONS,
  SNAPSHOTS_OPTIONS,
  VERIFY_OPTIONS,
} from '../../src/backup/options/backup.ts';
import { RESTORE_OPTIONS } from '../../src/backup/options/restore.ts';
import { commands } from '../../src/commands.ts';
import {
  CHECK_OPTIONS,
  RUN_OPTIONS as RUN_OPTIONS_OF_CREDENTIALS,
} from '../../src/credentials/cli/options.ts';
import { CREDENTIALS_GAUGES, CREDENTIALS_METRICS } from '../../src/credentials/metrics.ts';
import { NEXT_OPTIONS, READ_OPTIONS, RUN_OPTIONS } from '../../src/cron/cli/options.ts';
import { CRON_METRICS, SUPERCRONIC_METRICS } from '../../src/cron/metrics.ts';
import { GIT_ERRORS } from '../../src/git/errors.ts';
import { v3Options } from '../../src/git-sync/cli/v3/options.ts';
import { v4Options } from '../../src/git-sync/cli/v4/options.ts';
import {
  CONFIG_GAUGES,
  CONFIG_METRICS,
  METRICS,
  SYNC_GAUGES,
  TRIGGER_METRICS,
} from '../../src/git-sync/metrics.ts';
import { ROLLBACK_OPTIONS } from '../../src/git-sync/rollback/options.ts';
import {
  EXPLAIN_OPTIONS,
  INJECT_OPTIONS,
  POLICY_OPTIONS,
  PROFILES_OPTIONS,
} from '../../src/injection/options.ts';
import { CHECK_OPTIONS as CHECK_OPTIONS_OF_INJECTOR } from '../../src/injection/server/check/options.ts';
import { INJECTOR_GAUGES, INJECTOR_METRICS } from '../../src/injection/server/metrics.ts';
import { INJECTOR_OPTIONS, MANIFEST_OPTIONS } from '../../src/injection/server/options.ts';
import { errorCodes } from './error-codes.ts';
import { profileSections } from './profiles.ts';
import type { DocumentedCommand } from './render.ts';

const summaryOf = (name: string) => commands.find((entry) => entry.name === name)?.summary ?? '';

export const documentedCommands: readonly DocumentedCommand[] = [
  {
    name: 'git-sync',
    summary: summaryOf('git-sync'),
    options: v4Options,
    sections: [
      {
        heading: 'Flags of the v4 dialect',
        text: 'Two dashes; `--name=value` or `--name value`. Where several variables are listed and present, the last one counts, as in git-sync.',
        options: v4Options,
      },
      {
        heading: 'Flags of the v3 dialect',
        text: 'One dash or two; booleans only as `-x` or `-x=true`; parsing stops at the first word that is no flag. Empty variables count as not set.',
        options: v3Options,
      },
      {
        heading: 'Going back: `git-sync rollback [HASH | --list | --release]`',
        text: 'Run where git-sync runs, with the same `TMPDIR` and `GITSYNC_STATE_DIR`; the [guide](../guides/git-sync.md#going-back) tells more.',
        options: ROLLBACK_OPTIONS,
      },
    ],
    metrics: [METRICS, SYNC_GAUGES, TRIGGER_METRICS, CONFIG_METRICS, CONFIG_GAUGES],
    errors: await errorCodes('src/git-sync/command.ts'),
  },
  {
    name: 'cron',
    summary: summaryOf('cron'),
    options: RUN_OPTIONS,
    sections: [
      {
        heading: 'Running: `pillion cron FILE`, `RUNAT=HH:MM pillion cron COMMAND`',
        text: 'One dash or two, as with supercronic. The [guide](../guides/cron.md) tells the crontab grammar and the options of a job.',
        options: RUN_OPTIONS,
      },
      {
        heading: 'Reading: `cron test FILE`, `cron explain EXPRESSION`, `cron run FILE JOB`',
        text: 'How crontabs are read; these flags are also those of `pillion cron FILE`.',
        options: READ_OPTIONS,
      },
      {
        heading: 'Looking ahead: `cron next FILE`',
        text: 'When things will run, as text or as a JSON array of `{job, line, at}`.',
        options: NEXT_OPTIONS,
      },
    ],
    metrics: [CRON_METRICS, SUPERCRONIC_METRICS],
    errors: await errorCodes('src/cron/command.ts'),
  },
  {
    name: 'restore',
    summary: summaryOf('restore'),
    options: RESTORE_OPTIONS,
    sections: [
      {
        heading: 'Before the application: `pillion restore`',
        text: 'Exit code 0 when the application may start, 1 when it must not. The [guide](../guides/backup.md) tells when it does what.',
        options: RESTORE_OPTIONS,
      },
    ],
    metrics: [RESTORE_METRICS, RESTORE_GAUGES],
    errors: await errorCodes('src/backup/restore/command.ts', { ...GIT_ERRORS, ...STORE_ERRORS }),
  },
  {
    name: 'backup',
    summary: summaryOf('backup'),
    options: BACKUP_OPTIONS,
    sections: [
      {
        heading: 'Alongside the application: `pillion backup`',
        text: 'On a schedule, on demand and at the end. The [guide](../guides/backup.md) has examples.',
        options: BACKUP_OPTIONS,
      },
      {
        heading: 'Once: `backup now`',
        text: 'Prints what came of it as JSON. Exit code 1 when there is no new snapshot that was read back.',
        options: NOW_OPTIONS,
      },
      {
        heading: 'What there is: `backup snapshots`',
        text: 'Newest first.',
        options: SNAPSHOTS_OPTIONS,
      },
      {
        heading: 'Is it still good: `backup verify`',
        text: 'Checks the repository itself. Exit code 1 when anything is wrong.',
        options: VERIFY_OPTIONS,
      },
      {
        heading: 'Can it be restored: `backup drill`, and looking into it: `backup ls`, `backup cat PATH`',
        text: 'A drill restores into the work directory, compares everything and removes it again.',
        options: DRILL_OPTIONS,
      },
    ],
    metrics: [BACKUP_GAUGES],
    errors: await errorCodes('src/backup/command.ts', GIT_ERRORS),
  },
  {
    name: 'credentials',
    summary: summaryOf('credentials'),
    options: RUN_OPTIONS_OF_CREDENTIALS,
    sections: [
      {
        heading: 'Running: `pillion credentials`',
        text: 'The [guide](../guides/credentials.md) tells the keys of the configuration file.',
        options: RUN_OPTIONS_OF_CREDENTIALS,
      },
      {
        heading: 'Looking first: `pillion credentials check`',
        text: 'Takes the flags above, too.',
        options: CHECK_OPTIONS,
      },
    ],
    metrics: [CREDENTIALS_GAUGES, CREDENTIALS_METRICS],
    errors: await errorCodes('src/credentials/command.ts'),
  },
  {
    name: 'inject',
    summary: summaryOf('inject'),
    options: INJECT_OPTIONS,
    sections: [
      {
        heading: 'Manifests in, manifests out: `pillion inject -f FILE`',
        text: 'Exit code 0; 1 with `file:line` for what is wrong, and nothing on standard output then; 2 for a wrong command line.',
        options: INJECT_OPTIONS,
      },
      {
        heading: 'Which rule decides, and what goes where: `inject explain -f FILE`',
        text: 'Exit code 1 when a workload would be refused.',
        options: EXPLAIN_OPTIONS,
      },
      {
        heading: 'Policies with which the API server injects by itself: `inject policy`',
        text: 'A MutatingAdmissionPolicy and a ValidatingAdmissionPolicy with their bindings, for Kubernetes 1.36 and newer.',
        options: POLICY_OPTIONS,
      },
      {
        heading: 'What there is: `inject profiles [NAME]...`',
        text: 'Every profile with its parameters, types and defaults.',
        options: PROFILES_OPTIONS,
      },
      ...profileSections(),
    ],
    metrics: [],
    errors: await errorCodes('src/injection/command.ts'),
  },
  {
    name: 'injector',
    summary: summaryOf('injector'),
    options: INJECTOR_OPTIONS,
    sections: [
      {
        heading: 'The webhooks: `pillion injector`',
        text: 'Answers `/mutate`, `/mutate/namespace/PROFILE` and `/advise`, for reviews of admission.k8s.io/v1 and v1beta1.',
        options: INJECTOR_OPTIONS,
      },
      {
        heading: 'Installing it: `pillion injector manifest | kubectl apply -f -`',
        text: 'One file: access, replicas, and the webhooks last.',
        options: MANIFEST_OPTIONS,
      },
      {
        heading: 'Looking whether it works: `pillion injector check`',
        text: 'Replicas, webhooks, certificates, access, nodes, a pod that is created in words only, and the pods that are there with their Secrets. A line for each finding with what to try; exit code 1 when something has failed, 2 for a wrong command line.',
        options: CHECK_OPTIONS_OF_INJECTOR,
      },
    ],
    metrics: [INJECTOR_METRICS, INJECTOR_GAUGES],
    errors: await errorCodes('src/injection/server/command.ts'),
  },
];
