import { describe, expect, it } from 'vitest';
import type { JsonMap } from '../../../kubernetes/json.ts';
import { decide, pod, REPO } from '../../testing/decide.ts';
import { testSettings } from '../../testing/settings.ts';
import { createSurveyor, neededSecrets, podFindings, secretFindings } from './pods.ts';

const SECRET = { ...REPO, 'pillion.dev/git-sync.secret': 'keys', 'pillion.dev/git-sync.auth': 'ssh' };
const named = (name: string, subject: JsonMap): JsonMap => ({
  ...subject,
  metadata: { ...(subject['metadata'] as JsonMap), name },
});

function survey(...pods: readonly JsonMap[]) {
  const surveyor = createSurveyor(testSettings());
  surveyor.add(pods.map((each) => ({ pod: each, namespace: 'shop' })));
  return surveyor.survey();
}

describe('pods', () => {
  it('that asked and are bare are named, those that have ended are not', () => {
    const ended = { ...named('ended', pod(REPO)), status: { phase: 'Succeeded' } };
    const findings = podFindings(survey(named('bare', pod(REPO)), named('plain', pod({})), ended));
    expect(findings).toMatchObject([{ level: 'failed', message: 'bare although they asked: 1 (shop/bare)' }]);
  });

  it('that have what they ask for are fine', () => {
    const injected = decide(pod(REPO)).pod as JsonMap;
    expect(podFindings(survey(injected))).toMatchObject([{ level: 'ok' }]);
  });

  it('are named up to five, and the rest is counted', () => {
    const many = Array.from({ length: 8 }, (_, at) => named(`p${at}`, pod(REPO)));
    expect(podFindings(survey(...many))[0]?.message).toMatch(/: 8 \(.*shop\/p4 and 3 more\)$/);
  });
});

describe('Secrets', () => {
  it('are those that an annotation names, and not those that may be missing', () => {
    const of = (annotations: JsonMap) =>
      neededSecrets({ pod: pod(annotations), namespace: 'shop' }, testSettings());
    expect(of(SECRET)).toEqual(['keys']);
    expect(of(REPO)).toEqual([]);
    expect(neededSecrets({ pod: decide(pod(SECRET)).pod, namespace: 'shop' }, testSettings())).toEqual([
      'keys',
    ]);
  });

  it('that are not there fail with the pods that wait', () => {
    const found = survey(named('web', decide(pod(SECRET)).pod as JsonMap));
    expect([...found.secrets.keys()]).toEqual(['shop/keys']);
    expect(secretFindings(found, ['shop/keys'])).toMatchObject([
      { level: 'failed', message: expect.stringContaining('no Secret keys in shop') },
    ]);
    expect(secretFindings(found, [])).toMatchObject([{ level: 'ok' }]);
  });
});
