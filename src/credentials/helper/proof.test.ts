import { describe, expect, it } from 'vitest';
import { isScramRefusal, type PgbouncerFacts, planProof } from './proof.ts';

const target = { host: 'h', port: 6432, timeoutMs: 1000 };
const console = { ...target, user: 'admin', password: 'secret', database: 'pgbouncer' };
const proof = { ...target, user: 'app', password: 'x'.repeat(1024), database: '' };
const long = { ...proof, password: 'x'.repeat(1025) };
const databases = [
  { name: 'pgbouncer', force_user: 'pgbouncer' },
  { name: 'other', force_user: 'other' },
  { name: 'orders', force_user: 'app' },
  { name: 'open', force_user: null },
];
const facts = (authType: string, version = '1.24.1'): PgbouncerFacts => ({
  version,
  authType,
  databases,
  isRenewed: false,
});

describe('the proof of a reload', () => {
  it('is a login of the credential to the first database that takes its user', () => {
    expect(planProof(proof, console, facts('scram-sha-256'))).toEqual({
      result: 'proved',
      login: { ...proof, database: 'orders' },
      needsReconnect: false,
    });
    expect(planProof({ ...proof, database: 'x' }, console, facts('md5'))).toMatchObject({
      login: { database: 'x' },
    });
    expect(planProof(undefined, console, facts('md5'))).toEqual({ result: 'not asked' });
    expect(planProof(proof, console, { ...facts('md5'), databases: databases.slice(0, 2) })).toEqual({
      result: 'no database',
    });
  });

  it('needs a new server connection where clients need no password, however long the credential', () => {
    expect(planProof(long, console, facts('trust'))).toMatchObject({
      result: 'proved',
      needsReconnect: true,
    });
  });

  it('takes the new connections that RELOAD has made already', () => {
    for (const authType of ['trust', 'scram-sha-256']) {
      expect(planProof(long, console, { ...facts(authType), isRenewed: true })).toMatchObject({
        needsReconnect: false,
      });
    }
  });

  it('is left to the user of the console where SCRAM cannot check the credential', () => {
    expect(planProof(long, console, facts('scram-sha-256'))).toEqual({
      result: 'stood in',
      login: { ...console, database: 'orders' },
      needsReconnect: true,
    });
    expect(planProof(long, console, facts('scram-sha-256', '1.25.0'))).toMatchObject({ result: 'proved' });
    expect(planProof(long, console, facts('md5'))).toMatchObject({ result: 'proved' });
  });

  it('is nobody’s where that user has no password, or the database takes other users as they are', () => {
    const { password: _, ...peer } = console;
    expect(planProof(long, peer, facts('scram-sha-256'))).toEqual({ result: 'too long' });
    expect(planProof({ ...long, database: 'open' }, console, facts('scram-sha-256'))).toEqual({
      result: 'too long',
    });
  });

  it('is tried where it need not be SCRAM, and only a refusal of SCRAM is taken for its length', () => {
    for (const authType of ['hba', '']) {
      expect(planProof(long, console, facts(authType))).toMatchObject({
        result: 'proved',
        otherwise: 'too long',
      });
      expect(planProof(proof, console, facts(authType))).not.toHaveProperty('otherwise');
    }
    expect(isScramRefusal('SASL authentication failed')).toBe(true);
    expect(isScramRefusal('server login failed: FATAL SASL authentication failed')).toBe(false);
  });
});
