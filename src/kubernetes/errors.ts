import { defineErrors } from '../core/errors.ts';

export const KUBERNETES_ERRORS = defineErrors({
  not_in_a_cluster: {
    message: 'this is no pod of a cluster: KUBERNETES_SERVICE_HOST is not set',
    hint: 'name the API server with --api-server, e.g. the address of kubectl proxy',
  },
  api_answer_unreadable: {
    message: ({ why }: { why: string }) => `the answer of the API server ${why}`,
    hint: 'is --api-server the address of an API server?',
  },
  api_refused: {
    message: ({ what, status, why }: { what: string; status: number; why: string }) =>
      `the API server refuses to ${what}: ${status}${why === '' ? '' : ` ${why}`}`,
    hint: 'compare the roles of the service account with those of `pillion injector manifest`',
  },
});
