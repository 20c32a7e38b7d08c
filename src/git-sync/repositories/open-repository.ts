/** What a repository of a process has besides its sync: log, metrics, error file, and a root that is nobody else's. */
import { removeSeries } from '../../core/metrics/metrics.ts';
import type { Scope } from '../../core/process/run-process.ts';
import { hookEnvironment } from '../cli/secret-variables.ts';
import { createErrorFile, type ErrorFile } from '../error-file.ts';
import { requireGit } from '../startup.ts';
import type { SyncObserver } from '../sync/events.ts';
import { createSyncMessages } from '../sync/observers/messages.ts';
import { absolute, isInside, isOwnPlace } from '../sync/publishing/layout.ts';
import { requireOwnFile } from '../sync/publishing/own-file.ts';
import { whereDirectoryIs, whereLinkIs } from '../sync/publishing/where-link-is.ts';
import { whereRootIs } from '../sync/root.ts';
import { createSyncer, type Neighbours, type Syncer } from '../sync/syncer.ts';
import { observeErrorFile } from '../sync-process.ts';
import type { RepositoryConfig } from './config/model.ts';
import { REPOSITORIES_ERRORS } from './errors.ts';
import type { Repository } from './repository.ts';

export interface OpenInit {
  readonly scope: Scope;
  readonly hasMetrics: boolean;
  /** All repositories of the process. */
  readonly all: () => readonly Repository[];
  /** Whoever wants to be told what the sync of this repository does. */
  readonly observersOf: (config: RepositoryConfig) => readonly SyncObserver[];
}

export interface Opener {
  open(config: RepositoryConfig, stop: AbortSignal): Promise<Syncer>;
  /** Where the errors of a repository are written; by its name. */
  errorFile(name: string): ErrorFile | undefined;
  /** Forgets what is known by the name of a repository. */
  forget(name: string): Promise<void>;
  settled(): Promise<void>;
}

/**
 * Symbolic links can make one directory of two roots, or put one into another. Who can make such a link in a shared volume must
 * not keep the repository from syncing whose root is really there: the one that gets there by a link is refused.
 */
async function requireOwnRoot({ name, settings: { root } }: RepositoryConfig, all: readonly Repository[]) {
  const real = await whereRootIs(root);
  if (real === root) {
    return;
  }
  for (const { config } of all) {
    const other = config.settings.root;
    const realOther = await whereRootIs(other);
    const isOne = realOther === real || isInside(realOther, real) || isInside(real, realOther);
    if (config.name !== name && other !== root && isOne) {
      throw REPOSITORIES_ERRORS.root_shared({ root, other: config.name });
    }
  }
}

/** Whether two repositories may meet at their links, other than by their roots. */
const isOutside = ({ settings: { root, link } }: RepositoryConfig) => !isInside(root, absolute(link, root));

/** The same for links: two that take turns at one place would each say that it is theirs which is published. */
async function requireOwnLink(own: RepositoryConfig, all: readonly Repository[]) {
  const { root, link } = own.settings;
  const real = await whereLinkIs(root, link);
  if (real === absolute(link, root)) {
    return;
  }
  for (const { config } of all) {
    const { settings } = config;
    if (config.name === own.name || !(isOutside(own) || isOutside(config))) {
      continue;
    }
    const isOne = (await whereLinkIs(settings.root, settings.link)) === real;
    if (isOne || isOwnPlace(settings.dialect, await whereDirectoryIs(settings.root), real)) {
      throw REPOSITORIES_ERRORS.link_shared({ link: absolute(link, root), other: config.name });
    }
  }
}

/** The others with the same root: there may be some after the next change of the file. */
function neighboursOf(
  { name, settings: { root } }: RepositoryConfig,
  all: () => readonly Repository[],
): Neighbours {
  const others = () => all().filter(({ config }) => config.settings.root === root && config.name !== name);
  return { name, treesInUse: () => others().flatMap((each) => each.treesInUse()) };
}

export function createOpener({ scope, hasMetrics, all, observersOf }: OpenInit): Opener {
  const { context, log } = scope;
  const errorFiles = new Map<string, ErrorFile>();

  const metricsOf = async (name: string): Promise<SyncObserver[]> => {
    if (!hasMetrics) {
      return [];
    }
    const { createSyncMetrics } = await import('../telemetry.ts');
    return [createSyncMetrics(await scope.registry(), name)];
  };

  const errorFileOf = ({ name, settings }: RepositoryConfig): ErrorFile => {
    const file = createErrorFile({
      root: settings.root,
      path: absolute(settings.errorFile, settings.root),
      onFailure: (why) => log.warn('cannot write the error file', { repository: name, why }),
    });
    errorFiles.set(name, file);
    return file;
  };

  return {
    async open(config, stop) {
      const { name, settings } = config;
      const ownLog = log.child(name);
      const errorFile = errorFiles.get(name) ?? errorFileOf(config);
      await requireGit(settings.git, context.env);
      await requireOwnRoot(config, all());
      await requireOwnLink(config, all());
      await requireOwnFile(settings, '--error-file', settings.errorFile);
      return createSyncer(settings, {
        ...scope,
        log: ownLog,
        env: context.env,
        hookEnv: hookEnvironment(context.env, settings),
        home: context.env.HOME ?? context.cwd,
        stop,
        observers: [
          ...(await metricsOf(name)),
          createSyncMessages(settings, ownLog).observe,
          observeErrorFile(errorFile),
          ...observersOf(config),
        ],
        neighbours: neighboursOf(config, all),
      });
    },
    errorFile: (name) => errorFiles.get(name),
    async forget(name) {
      errorFiles.delete(name);
      if (hasMetrics) {
        removeSeries(await scope.registry(), { repository: name });
      }
    },
    async settled() {
      await Promise.all([...errorFiles.values()].map(async (file) => file.settled()));
    },
  };
}
