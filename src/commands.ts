import type { CommandEntry } from './core/command.ts';

/** Every command: a new one is a folder and a row here. Each `load` becomes a bundle of its own. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'git-sync',
    summary: 'keep a git repository checked out next to an application (kubernetes/git-sync v4 and v3 flags)',
    startedAs: ['git-sync', 'git-sync-v3'],
    load: () => import('./git-sync/command.ts'),
  },
  {
    name: 'cron',
    summary: "run jobs on schedule in a container (supercronic's and Vixie cron's crontabs, RUNAT, YAML)",
    startedAs: ['supercronic'],
    load: () => import('./cron/command.ts'),
  },
  {
    name: 'restore',
    summary: 'restore a volume that is empty or corrupt before the application starts (restic, git)',
    load: () => import('./backup/restore/command.ts'),
  },
  {
    name: 'backup',
    summary: 'back a volume up on a schedule, and prove that it can be restored (restic, git)',
    load: () => import('./backup/command.ts'),
  },
  {
    name: 'credentials',
    summary:
      'keep short-lived database credentials fresh in files (RDS, Cloud SQL, Azure, Vault; pgbouncer is told)',
    load: () => import('./credentials/command.ts'),
  },
  {
    name: 'inject',
    summary: 'put sidecars into manifests by annotation: YAML in, YAML out',
    load: () => import('./injection/command.ts'),
  },
  {
    name: 'injector',
    summary: 'serve the admission webhooks that put sidecars into pods by annotation',
    load: () => import('./injection/server/command.ts'),
  },
];
