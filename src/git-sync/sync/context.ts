import type { Log } from '../../core/log/log.ts';
import type { RemoteProbe } from '../../git/remote/probe.ts';
import type { Git } from '../../git/run.ts';
import type { Emit } from './events.ts';
import type { LfsStore } from './repository/lfs-store.ts';
import type { OpenRoot, SharedRepository } from './repository/shared-repository.ts';
import type { SyncSpec } from './spec.ts';

/** What the steps of a pass work with. */
export interface SyncContext {
  readonly spec: SyncSpec;
  /** The root with its symlinks resolved. */
  readonly root: string;
  readonly shared: SharedRepository;
  readonly git: Git;
  readonly log: Log;
  readonly emit: Emit;
  /** Lets a fetch go on where the remote has answered, if it can. */
  readonly takeRelay?: RemoteProbe['takeRelay'];
  /** Where large files are fetched. */
  readonly lfs?: LfsStore | undefined;
}

/** The same for the holder of the root's lock. */
export interface LockedContext extends SyncContext {
  /** The root's directories, held open. */
  readonly open: OpenRoot;
}
