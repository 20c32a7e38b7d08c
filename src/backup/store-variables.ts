/** The variables from which restic and its stores take addresses, names and secrets. */
const OF_STORES = /^(?:AWS|AZURE|GOOGLE|B2|OS|ST|RCLONE|RESTIC)_/;

/** Whether a variable is one with which a repository is reached: restic gets those, and hooks do not. */
export const isOfStore = (name: string): boolean => OF_STORES.test(name);
