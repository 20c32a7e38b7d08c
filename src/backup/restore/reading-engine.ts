import type { Engine } from '../model.ts';

/** What a restore has of an engine: with no more it cannot change the repository, nor fail at that. */
export type ReadingEngine = Pick<Engine, 'kind' | 'keepsExtendedAttributes' | 'state' | 'restoreTo' | 'tidy'>;
