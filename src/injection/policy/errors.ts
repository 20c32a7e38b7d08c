import { defineErrors } from '../../core/errors.ts';

/** What cannot be a policy of the API server. */
export const POLICY_ERRORS = defineErrors({
  policy_needs_newer_kubernetes: {
    message: ({ since, target }: { since: string; target: string }) =>
      `policies put containers into pods from Kubernetes ${since} on, and --kubernetes is ${target}`,
    hint: 'use the webhook there (pillion injector manifest), or pillion inject',
  },
  no_image_allowed: {
    message: ({ allowed, image }: { allowed: string; image: string }) =>
      `--allow-image=${allowed} allows no image of any profile: each would be refused, as ${image} is`,
    hint: 'allow the image that the profiles have (see --image), as registry.example/pillion, or leave --allow-image out',
  },
  policy_too_large: {
    message: ({ what, length, most }: { what: string; length: number; most: number }) =>
      `${what} has ${length} characters, and an API server takes ${most}`,
    hint: 'split the profile that the expression is named after, leave profiles out, or use the webhook',
  },
});
