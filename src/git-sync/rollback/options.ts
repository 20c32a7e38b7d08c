import { defineOptions, option } from '../../core/options/option.ts';
import { bool, duration, string } from '../../core/options/value-types.ts';
import { publishOptions } from '../options/publish.ts';

const SECOND = 1000;

/** The command line of `pillion git-sync rollback`. */
export const ROLLBACK_OPTIONS = defineOptions({
  help: option({ flag: 'help', short: 'h', type: bool, default: false, help: 'print this help and exit' }),
  release: option({
    flag: 'release',
    type: bool,
    default: false,
    help: 'follow the ref again',
  }),
  list: option({
    flag: 'list',
    type: bool,
    default: false,
    help: 'print the revisions that there are, oldest first, and change nothing',
  }),
  link: option({
    flag: 'link',
    type: string,
    default: '',
    help: 'whose rollback it is, by the path of the link or its end, where several syncs keep revisions',
  }),
  stateDir: publishOptions.stateDir,
  wait: option({
    flag: 'wait',
    type: duration,
    default: 30 * SECOND,
    help: 'how long to wait for the running git-sync to do it; 0 only records it',
  }),
});
