import { defineErrors } from '../../core/errors.ts';

export const REMOTE_ERRORS = defineErrors({
  protocol_error: {
    message: ({ why }: { why: string }) => `the server's answer is not git's protocol: ${why}`,
    hint: 'check that --repo is a git repository and that no proxy or sign-in page answers in its place',
  },
});

/** Ends the reading of an answer; `text` is quoted in part. */
export function refuseAnswer(text: string): never {
  throw REMOTE_ERRORS.protocol_error({ why: JSON.stringify(text.slice(0, 80)) });
}
