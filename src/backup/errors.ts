import { defineErrors } from '../core/errors.ts';

type Said = { readonly message: string; readonly hint?: string | undefined };
const message = (said: Said): string => said.message;
const hint = (said: Said): string | undefined => said.hint;

/** What can go wrong between a volume and its repository. */
export const BACKUP_ERRORS = defineErrors({
  repository_unknown: {
    message,
    hint,
    about: 'what the repository holds could not be found out: nothing was restored, removed or started',
  },
  restore_failed: {
    message,
    hint,
    about: 'a snapshot could not be written to the stage, or does not verify: the volume is as it was',
  },
  restore_refused: {
    message,
    hint,
    about: 'the volume must not be used as it is, and cannot be restored: the message says why',
  },
  no_space: {
    message,
    hint: (said: Said): string =>
      said.hint ?? 'make the volume larger, or remove old quarantines from .pillion on it',
    about: 'a restore has no room on the volume, or a backup none in its work directory',
  },
  work_dir_unusable: {
    message,
    hint: 'name a directory that this user can write to, or none: then it is made in $TMPDIR',
  },
  volume_unusable: {
    message,
    hint,
    about: 'the volume is not there, is no directory, or cannot be written to',
  },
  volume_not_answering: {
    message,
    hint: 'look at the mount and at its server (NFS, FUSE, CSI driver); nothing was begun that a next start does not finish. --volume-timeout is how long it may take',
  },
  command_failed: {
    message,
    hint,
    about: 'a check, a repair, a hook or what runs after a restore failed; its last words are in the message',
  },
  snapshot_missing: { message, hint: 'see `pillion backup snapshots`' },
});

/** What can go wrong with a snapshot that is made or removed; a restore does neither. */
export const STORE_ERRORS = defineErrors({
  store_failed: {
    message,
    hint,
    about: 'not everything of the volume was stored: there is no new snapshot to rely on',
  },
  repository_full: {
    message,
    hint: 'make room where the repository is (its disk, quota or bucket), or let --keep-* remove older snapshots; those that are there stay as they are',
  },
  backup_refused: {
    message,
    hint,
    about:
      'the volume is empty, half restored or has lost too much: storing it could push out good snapshots',
  },
  read_back_failed: {
    message,
    hint: 'do not trust this store: run `pillion backup verify`, and see whether it keeps what it was sent',
  },
  forget_refused: {
    message,
    hint: 'an append-only key cannot remove snapshots: set no --keep-* here, and do it where there is another key',
  },
});
