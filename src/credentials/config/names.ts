/** Kinds of output files. */
export const FORMATS = [
  'pgbouncer',
  'pgpass',
  'pg-service',
  'mysql',
  'env',
  'json',
  'raw',
  'template',
] as const;
