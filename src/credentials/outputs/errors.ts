import { defineErrors } from '../../core/errors.ts';

/** Why a credential cannot be written. */
export const OUTPUT_ERRORS = defineErrors({
  value_not_writable: {
    message: ({ format, what, why }: { format: string; what: string; why: string }) =>
      `the ${what} cannot be written as ${format}: ${why}`,
    hint: 'choose another output format, or another credential; the old file is kept',
  },
  password_too_long: {
    message: ({ bytes, limit, reader }: { bytes: number; limit: number; reader: string }) =>
      `the password takes ${bytes} bytes and ${reader} reads at most ${limit}`,
    hint: ({ advice }: { advice: string }) => advice,
    about:
      'a longer password would disable this user and every one after it; the old file is kept. The hint says what to change',
  },
  template_field_empty: {
    message: ({ field }: { field: string }) => `the template uses ${field}, and it is not known`,
    hint: 'give the value in the credential’s configuration; the old file is kept',
  },
  output_is_mount: {
    message: ({ path }: { path: string }) => `cannot replace ${path}: it is a mount of its own (subPath)`,
    hint: 'mount the directory that holds the file, without subPath: a file mounted alone can never be replaced as a whole',
  },
  output_not_replaceable: {
    message: ({ path, why }: { path: string; why: string }) => `cannot replace ${path}: ${why}`,
    hint: 'remove it, or choose another path',
  },
  owner_not_kept: {
    message: ({ path, group }: { path: string; group: number }) =>
      `cannot replace ${path}: the new file would lose the group ${group}, and with it its readers`,
    hint: 'run this with that group (securityContext.fsGroup or supplementalGroups), or give the output a mode that lets others read',
  },
});
