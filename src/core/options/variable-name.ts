/** The variable of an option where it has no older name to keep: `PILLION_CRON_HTTP_BIND` for `CRON` and `http-bind`. */
export const variableName = (command: string, flag: string): string =>
  `PILLION_${command}_${flag.toUpperCase().replaceAll('-', '_')}`;
