import type { SyncSpec } from './spec.ts';

/** What `--group-write` makes of the umask, for this process and for what is written with a mode of its own. */
export const umaskOf = ({ groupWrite }: Pick<SyncSpec, 'groupWrite'>): number => (groupWrite ? 0o002 : 0o022);
