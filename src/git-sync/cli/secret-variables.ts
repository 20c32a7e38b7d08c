import { secretVariables } from '../../core/options/secrecy.ts';
import { v3Options } from './v3/options.ts';
import { v4Options } from './v4/options.ts';

/** The variables that hold secrets, in either dialect: hooks do not get them (git-sync hands them over). */
export const SECRET_VARIABLES = secretVariables(v3Options, v4Options);
