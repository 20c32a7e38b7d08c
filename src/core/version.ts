declare const PILLION_VERSION: string | undefined;

/** Set by the build; `dev` when the sources run as they are. */
export const version: string = typeof PILLION_VERSION === 'string' ? PILLION_VERSION : 'dev';
