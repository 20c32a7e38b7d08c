import { describe, expect, it } from 'vitest';
import { makeScene, type OwningTest } from './scene.ts';

describe('--sync-on-signal', () => {
  const expectSyncOnSignal = async (test: OwningTest, name: string) => {
    const scene = await makeScene(test, '1');
    const sync = await scene.start(['--period=100s', `--sync-on-signal=${name}`]);
    await sync.synced();
    await sync.waitForLog('"msg":"next sync"');
    await scene.commit('2');
    sync.signal('SIGHUP');
    // Far sooner than the period.
    await sync.synced();
    expect(await scene.read()).toBe('2');
    await sync.waitForLog('"msg":"caught signal"');
  };

  it('SIGHUP starts a sync though the period is long (sync_on_signal_sighup)', async (test) => {
    await expectSyncOnSignal(test, 'SIGHUP');
  });

  it('HUP starts a sync though the period is long (sync_on_signal_hup)', async (test) => {
    await expectSyncOnSignal(test, 'HUP');
  });

  it('1 starts a sync though the period is long (sync_on_signal_1)', async (test) => {
    await expectSyncOnSignal(test, '1');
  });
});
