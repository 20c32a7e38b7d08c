import { createHmac, randomUUID } from 'node:crypto';
import type { Stage } from './stage.ts';

/** Tells the sidecar of a push as GitHub does, signed with a secret; the status of the answer. */
export async function sendWebhook(stage: Stage, after: string, secret: string): Promise<number> {
  const repository = { clone_url: stage.repositoryUrl, default_branch: 'main' };
  const body = JSON.stringify({ ref: 'refs/heads/main', after, repository });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const answer = await fetch(stage.webhookUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
    signal: stage.signal,
  });
  await answer.arrayBuffer();
  return answer.status;
}
