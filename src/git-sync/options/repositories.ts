/** The options of a process that syncs the repositories of a file. */
import { option } from '../../core/options/option.ts';
import { int, string } from '../../core/options/value-types.ts';
import { setting } from './setting.ts';

export const repositoriesOptions = {
  config: option({
    flag: 'config',
    type: string,
    default: '',
    env: ['GITSYNC_CONFIG'],
    help: 'a YAML file with the repositories that this process syncs, read again when it changes; the other options are what its repositories have by default',
  }),
  maxConcurrentSyncs: setting('maxConcurrentSyncs', {
    flag: 'max-concurrent-syncs',
    type: int,
    default: 8,
    env: ['GITSYNC_MAX_CONCURRENT_SYNCS'],
    help: 'how many repositories of --config sync at the same time; those whose last sync failed have half of it, at least one',
  }),
};
