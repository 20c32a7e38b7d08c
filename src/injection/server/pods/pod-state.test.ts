import { describe, expect, it } from 'vitest';
import { RECORD } from '../../annotations.ts';
import { decide, pod, REPO } from '../../testing/decide.ts';
import { testSettings } from '../../testing/settings.ts';
import { isAlive, podState } from './pod-state.ts';

const state = (subject: Parameters<typeof decide>[0], changes = {}, namespace = 'shop') =>
  podState({ pod: subject, namespace }, testSettings(changes));

describe('a pod that runs', () => {
  it('is bare when it asks and has nothing, whether it could have it or not', () => {
    expect(state(pod(REPO))).toBe('bare');
    expect(state(pod({ 'pillion.dev/inject': 'gone' }))).toBe('bare');
  });

  it('is bare when somebody has written the record by hand', () => {
    const { pod: injected } = decide(pod(REPO));
    const record = (injected as { metadata: { annotations: Record<string, string> } }).metadata.annotations;
    expect(state(pod({ ...REPO, [RECORD]: record[RECORD] ?? '' }))).toBe('bare');
  });

  it('is injected when it has what it asks for, and stale when it has that of another image or profile', () => {
    const { pod: injected } = decide(pod(REPO));
    expect(state(injected)).toBe('injected');
    expect(state(injected, { image: 'registry.example/pillion:next' })).toBe('stale');
    expect(state(injected, { profiles: new Map() })).toBe('stale');
  });

  it('is apart when it does not ask, says no, or may have nothing', () => {
    expect(state(pod({}))).toBe('apart');
    expect(state(pod({ 'pillion.dev/inject': 'none' }))).toBe('apart');
    expect(state(pod(REPO, { hostNetwork: true }))).toBe('apart');
    expect(state(pod(REPO), {}, 'kube-system')).toBe('apart');
  });

  it('is asked about by the label of its namespace, too', () => {
    expect(podState({ pod: pod({}), namespace: 'shop', namespaceDefault: 'label' }, testSettings())).toBe(
      'bare',
    );
  });
});

describe('isAlive', () => {
  it('leaves out pods that have ended or are going', () => {
    expect(isAlive({ status: { phase: 'Running' } })).toBe(true);
    expect(isAlive({ status: { phase: 'Succeeded' } })).toBe(false);
    expect(isAlive({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })).toBe(false);
  });
});
