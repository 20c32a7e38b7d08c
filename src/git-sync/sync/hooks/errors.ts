import { defineErrors } from '../../../core/errors.ts';

export const HOOK_ERRORS = defineErrors({
  hook_failed: {
    message: ({ why }: { readonly why: string; readonly hint?: string | undefined }) => why,
    hint: ({ hint }: { readonly why: string; readonly hint?: string | undefined }) => hint,
    about: 'the hook is tried again; its last words are in the message',
  },
  hooks_failed: {
    message: ({ hooks }: { readonly hooks: readonly string[] }) =>
      `failed: ${hooks.join(', ')}; what is published stays`,
    hint: 'each has logged its own error above; --one-time does not try again',
  },
});
