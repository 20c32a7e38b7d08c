/** Where the webhooks are, for the server, the manifest and the check. */

export const MUTATE_PATH = '/mutate';
/** Pods of a namespace whose label names a profile are sent to a path of their own: `/mutate/namespace/PROFILE`. */
export const NAMESPACE_PATH = '/mutate/namespace';
export const ADVISE_PATH = '/advise';
