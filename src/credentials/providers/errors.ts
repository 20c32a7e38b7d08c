import { defineErrors } from '../../core/errors.ts';

/** Why a source gave no credential. */
export const SOURCE_ERRORS = defineErrors({
  source_answer_invalid: {
    message: ({ source, why }: { source: string; why: string }) => `${source} gave no usable answer: ${why}`,
    hint: 'see the guide to credentials for what this kind of source has to answer; the last good credential stays',
  },
  source_refused: {
    message: ({ source, status, why }: { source: string; status: number; why: string }) =>
      `${source} answered with status ${status}${why === '' ? '' : `: ${why}`}`,
    hint: ({ advice }: { advice: string }) => advice,
    about: 'the hint says what the status means for this kind of source; the last good credential stays',
  },
  source_expired: {
    message: ({ source, seconds }: { source: string; seconds: number }) =>
      `${source} gave a credential that ended ${seconds} s ago`,
    hint: "compare this machine's clock with the server's; otherwise the source hands out what it had before",
  },
  source_timeout: {
    message: ({ source, seconds }: { source: string; seconds: number }) =>
      `${source} gave no answer within ${seconds} s`,
    hint: 'check the source, the network and network policies, or allow more time with timeout',
  },
  source_failed: {
    message: ({ source, why }: { source: string; why: string }) => `${source} failed: ${why}`,
    hint: ({ advice }: { advice: string }) => advice,
    about: 'the message says what the source or the program said; the last good credential stays',
  },
  aws_session_missing: {
    message: 'AWS gives this pod no session: none of the places that the AWS SDK looks in has keys',
    hint: 'give the service account a role (EKS Pod Identity, or IRSA with eks.amazonaws.com/role-arn), or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  },
  aws_session_failed: {
    message: ({ why }: { why: string }) => `cannot get an AWS session: ${why}`,
    hint: ({ advice }: { advice: string }) => advice,
    about: 'what AWS or its SDK said; the hint depends on it. The last good credential stays',
  },
});
