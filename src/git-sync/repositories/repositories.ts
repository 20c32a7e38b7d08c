/** The repositories of a process: which there are follows from a configuration, and from the next that replaces it. */
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../core/log/log.ts';
import { withoutPassword } from '../../git/public-url.ts';
import type { RepositoryConfig } from './config/model.ts';
import type { Repository } from './repository.ts';

export interface RepositoriesInit {
  /** Starts one, once `after` has resolved. */
  readonly start: (
    config: RepositoryConfig,
    after: Promise<unknown>,
    former: Repository | undefined,
  ) => Repository;
  /** Called when one has ended by itself, with its exit code. */
  readonly onEnd: (code: number, name: string) => void;
  /** Called for one that was taken out or is replaced, once it is closed. */
  readonly onGone: (name: string) => void;
  readonly log: Log;
}

/** What a new configuration has changed, by name. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface Repositories {
  /** Those that mean the same go on undisturbed; others are closed, and opened when they are closed. */
  apply(configs: readonly RepositoryConfig[]): Changes;
  all(): readonly Repository[];
  get(name: string): Repository | undefined;
  /** Resolves when all have ended, those too that were taken out. */
  ended(): Promise<void>;
}

export function createRepositories({ start, onEnd, onGone, log }: RepositoriesInit): Repositories {
  let current = new Map<string, Repository>();
  const open = new Set<Repository>();

  const begin = (config: RepositoryConfig, after: Promise<unknown>, former: Repository | undefined) => {
    const { name, settings } = config;
    const repository = start(config, after, former);
    open.add(repository);
    const { repo, follow, root, link } = settings;
    log.info('syncing a repository', {
      repository: name,
      repo: withoutPassword(repo),
      ...follow,
      root,
      link,
    });
    const end = (code: number) => {
      open.delete(repository);
      if (current.get(name) === repository) {
        onEnd(code, name);
      } else {
        onGone(name);
      }
    };
    repository.done.then(end, () => end(1));
    return repository;
  };

  const isSame = (repository: Repository | undefined, config: RepositoryConfig) =>
    repository !== undefined && isDeepStrictEqual(repository.config, config);

  return {
    apply(configs) {
      const former = current;
      const wanted = new Set(configs.map(({ name }) => name));
      const stays = (config: RepositoryConfig) => isSame(former.get(config.name), config);
      const added = configs.filter(({ name }) => !former.has(name)).map(({ name }) => name);
      const changed = configs.filter((config) => former.has(config.name) && !stays(config));
      const removed = [...former.keys()].filter((name) => !wanted.has(name));
      current = new Map();
      for (const name of [...removed, ...changed.map((config) => config.name)]) {
        former.get(name)?.stop();
      }
      // Whoever comes to a root that is being left, waits until it is.
      const kept = new Set(configs.filter(stays).map(({ name }) => former.get(name)));
      const leaving = [...open].filter((repository) => !kept.has(repository));
      for (const config of configs) {
        const same = stays(config) ? former.get(config.name) : undefined;
        const before = leaving.filter(
          (each) => each.config.name === config.name || each.config.settings.root === config.settings.root,
        );
        const after = Promise.all(before.map(({ done }) => done));
        current.set(config.name, same ?? begin(config, after, former.get(config.name)));
      }
      return { added, changed: changed.map(({ name }) => name), removed };
    },
    all: () => [...current.values()],
    get: (name) => current.get(name),
    async ended() {
      await Promise.all([...open].map(({ done }) => done));
    },
  };
}
