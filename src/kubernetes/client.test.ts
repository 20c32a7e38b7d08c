import { expect, it } from 'vitest';
import { startWeb } from '../core/http/client/fixtures/servers.ts';
import { createApiClient } from './client.ts';

it.each([
  ['a page that is no JSON', '<html>', 'the answer of the API server is no JSON'],
  [
    'what would be far more in memory than it is long',
    `{"items":[${'{},'.repeat(2_000_000)}{}]}`,
    'the answer of the API server has more than 2000000 values',
  ],
])('an answer is an error when it is %s', async (_what, body, message) => {
  const web = await startWeb((_request, response) => void response.end(body));
  const client = createApiClient({ url: web.url });
  const answer = client.call({ method: 'GET', path: '/api', signal: new AbortController().signal });
  await expect(answer).rejects.toMatchObject({ code: 'api_answer_unreadable', message });
  client.close();
});
