import { defineErrors } from '../../core/errors.ts';

const said = ({ message }: { readonly message: string }) => message;

export const COMMIT_ERRORS = defineErrors({
  own_folder_foreign: {
    message: ({ path, uid }: { readonly path: string; readonly uid: number }) =>
      `${path} belongs to user ${uid}, and what it says about the volume cannot be trusted`,
    hint: 'run restore and backup as the same user always; if it is that user who has changed, give the folder to the new one (chown)',
  },
  volume_busy: {
    message: ({ volume, owner }: { readonly volume: string; readonly owner: string }) =>
      `${volume} is being restored by another process (lock ${owner})`,
    hint: 'let the other one finish; it is waited for',
  },
  record_invalid: {
    message: ({ path, reason }: { readonly path: string; readonly reason: string }) => `${path}: ${reason}`,
    hint: 'nothing on the volume was changed; look at the file, and remove it if you know that the volume is complete',
    about:
      'a record of ours on the volume (marker, journal, stage) is damaged or was written by something else',
  },
  commit_blocked: {
    message: said,
    hint: 'the next start goes on with it; stop what else writes to the volume, and see that this user may move what lies there',
    about:
      'a verified snapshot could not be moved to its place on the volume: nothing of old or new data is lost',
  },
  mount_in_the_way: {
    message: ({ path }: { readonly path: string }) =>
      `something is mounted at ${path}, in what a restore has to move or where the snapshot has something`,
    hint: 'restore in a container that mounts the volume alone; what the volume holds was left as it was',
    about:
      'what is mounted in a volume would be moved out of sight with what it lies in, or is where the snapshot has something',
  },
});
