import { describe, expect, it } from 'vitest';
import { accessFindings, accessReview, wantedAccess } from './access.ts';
import { exitCodeOf, found, notChecked, renderFinding } from './finding.ts';
import { rehearsalFindings } from './reachability.ts';

describe('a finding', () => {
  it('is a line with what to try below it', () => {
    const finding = { check: 'pods', level: 'failed', message: 'one is bare', hint: 'restart it' } as const;
    expect(renderFinding(finding)).toBe('failed   pods: one is bare\n         try: restart it');
    expect(exitCodeOf([finding])).toBe(1);
    expect(exitCodeOf([notChecked('nodes', 'refuses: 403')])).toBe(0);
  });

  it('is never good news when nothing could be seen', () => {
    expect(notChecked('nodes', 'the API server refuses to list /api/v1/nodes: 403')).toMatchObject({
      level: 'warning',
      hint: expect.stringContaining('kubectl proxy'),
    });
  });
});

describe('access', () => {
  const wanted = wantedAccess('pillion', true);

  it('is what the manifest gives, one question for each', () => {
    expect(wanted).toContainEqual({
      verb: 'update',
      group: '',
      resource: 'secrets',
      name: 'pillion-injector-ca',
      namespace: 'pillion',
    });
    expect(wanted.some(({ resource }) => resource === 'pods')).toBe(true);
    expect(wantedAccess('pillion', false).some(({ resource }) => resource === 'pods')).toBe(false);
  });

  it('is asked of oneself in a pod, and of the service account by an administrator', () => {
    const one = { verb: 'list', group: '', resource: 'pods', name: '', namespace: '' };
    expect(accessReview(one, undefined).path).toMatch(/\/selfsubjectaccessreviews$/);
    expect(accessReview(one, 'pillion').body).toMatchObject({
      spec: { user: 'system:serviceaccount:pillion:pillion-injector' },
    });
  });

  it('that is denied has failed in words', () => {
    const answers = wanted.map((each, at) => ({
      wanted: each,
      status: found({ status: { allowed: at !== 1 } }),
    }));
    expect(accessFindings(answers)).toEqual([
      expect.objectContaining({
        level: 'failed',
        message: 'the injector may not get secrets pillion-injector-ca in pillion',
      }),
    ]);
  });
});

describe('a pod that is created in words only', () => {
  const outcome = (status: number, json: object, milliseconds = 12) => {
    const [finding] = rehearsalFindings({ status, json: json as never, milliseconds, namespace: 'default' });
    return `${finding?.level} ${finding?.hint ?? ''}`;
  };

  it('tells whether the API server reaches the injector', () => {
    const changed = { metadata: { labels: { foo: 'bar' } } };
    expect(outcome(201, changed)).toBe('ok ');
    expect(outcome(201, changed, 3_000)).toMatch(/^warning .*duration/);
    expect(outcome(201, {})).toMatch(/^failed .*webhooks and replicas/);
    const failed = 'failed calling webhook "pods.injector.pillion.dev": failed to call webhook: ';
    expect(outcome(500, { message: `${failed}x509: certificate signed by unknown authority` })).toMatch(
      /^failed see bundle/,
    );
    expect(outcome(500, { message: `${failed}context deadline exceeded` })).toMatch(/^failed .*firewall/);
    expect(outcome(500, { message: `${failed}no endpoints available` })).toMatch(/^failed see replicas/);
    expect(outcome(403, { message: 'forbidden' })).toMatch(/^warning .*--try-in/);
  });
});
