/** `POST /backup`: a backup on demand, for who has the token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readText } from '../../core/files.ts';
import { jsonReply, type Reply, type Route } from '../../core/http/server.ts';
import { withoutLineEnd } from '../../core/line-end.ts';
import type { Log } from '../../core/log/log.ts';

export interface TriggerInit {
  readonly tokenFile: string;
  readonly log: Log;
  /** Makes a backup, or joins one that runs; says what came of it. */
  readonly backUp: () => Promise<{ readonly ok: boolean; readonly report: object }>;
  readonly redact: (text: string) => string;
}

const MAX_IN_FLIGHT = 4;
const SHORTEST_TOKEN = 16;

export function triggerRoute({ tokenFile, log, backUp, redact }: TriggerInit): Route {
  return {
    method: 'POST',
    path: '/backup',
    maxInFlight: MAX_IN_FLIGHT,
    async handle({ headers, remoteAddress }): Promise<Reply> {
      if (!(await isAllowed(tokenFile, headers.authorization ?? '', log))) {
        return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
      }
      log.info('a backup was requested', { from: remoteAddress });
      const { ok, report } = await backUp();
      return jsonReply(ok ? 200 : 500, report, redact);
    },
  };
}

/** The file is read each time: tokens are rotated. Both sides are hashed, so that the time tells nothing. */
async function isAllowed(tokenFile: string, header: string, log: Log): Promise<boolean> {
  const wanted = withoutLineEnd(await readText(tokenFile).catch(() => ''));
  if (wanted.length < SHORTEST_TOKEN) {
    log.warn(`the token in ${tokenFile} cannot be read, or has fewer than ${SHORTEST_TOKEN} characters`);
    return false;
  }
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header), hash(`Bearer ${wanted}`));
}
