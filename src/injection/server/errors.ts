import { defineErrors } from '../../core/errors.ts';

/** What ends `pillion injector`, or what it tells while it goes on. */
export const INJECTOR_ERRORS = defineErrors({
  certificate_unreadable: {
    message: ({ file, why }: { file: string; why: string }) => `cannot read ${file}: ${why}`,
    hint: 'mount the Secret with the certificate, and name its files with --tls-cert-file and --tls-key-file',
  },
});
