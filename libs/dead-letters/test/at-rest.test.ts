import { randomUUID } from 'node:crypto';
import type { Postgres } from '@esteira/postgres';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  atRestView,
  groupDeadLetters,
  lockToStore,
  lockToWriteDeadLetters,
  recall,
  restsAs,
  supersede,
  type AtRestView,
  type DeadLetter,
} from '../src/index.ts';
import { atRest, CREATED_AT, deadLetterOf, openThings, STORED, type ThingsEndput } from './support/things.ts';

let endput: ThingsEndput;
let sql: Postgres;

beforeAll(async () => {
  endput = await openThings();
  sql = endput.sql;
});
afterAll(() => endput.close());

const deadLetter = (messageId: string, round = 1, changes: Partial<DeadLetter> = {}) =>
  deadLetterOf(1, { messageId, round, body: Buffer.from('{}'), headers: {}, ...changes });

const writeOne = async (one: DeadLetter) => {
  const [outcome] = await endput.write(one);
  return outcome;
};
const storeOne = (messageId: string, round = 1) =>
  sql.transaction(async (tx) => {
    await tx.query(`INSERT INTO ${STORED} VALUES ($1, $2, $3, 1) ON CONFLICT DO NOTHING`, [
      messageId,
      CREATED_AT,
      round,
    ]);
    await supersede(tx, [{ messageId, round, incarnation: CREATED_AT }]);
  }, lockToStore(atRest));
const redrive = (messageId: string) =>
  sql.query(`UPDATE dead_letters SET state = 'redriven', round = round + 1 WHERE message_id = $1`, [messageId]);
const stateOf = async (messageId: string) => {
  const [row] = await sql.query<{ state: string; round: number; attempts: unknown[] }>(
    'SELECT state, round, attempts FROM dead_letters WHERE message_id = $1',
    [messageId],
  );
  return row && [row.state, row.round, row.attempts.length];
};

describe('a dead letter', () => {
  it('is written once; a copy changes nothing', async () => {
    const id = randomUUID();
    expect(await writeOne(deadLetter(id))).toBe('written');
    expect(await writeOne(deadLetter(id))).toBe('same');
    expect(await stateOf(id)).toEqual(['dead', 1, 1]);
  });

  it('dies again after a redrive, its attempts of all rounds kept', async () => {
    const id = randomUUID();
    await writeOne(deadLetter(id));
    await redrive(id);
    expect(await writeOne(deadLetter(id, 2))).toBe('written');
    expect(await stateOf(id)).toEqual(['dead', 2, 2]);
  });

  it('is not touched by a late copy of an earlier round', async () => {
    const id = randomUUID();
    await writeOne(deadLetter(id));
    await redrive(id);
    expect(await writeOne(deadLetter(id, 1))).toBe('late');
    expect(await stateOf(id)).toEqual(['redriven', 2, 1]);
  });

  it('is not written for what is stored', async () => {
    const id = randomUUID();
    await storeOne(id);
    expect(await writeOne(deadLetter(id))).toBe('stored');
    expect(await stateOf(id)).toBeUndefined();
  });

  it('of another order with the same id is neither the same nor stored: it is in conflict, and nothing changes', async () => {
    const [stored, dead, twins] = [randomUUID(), randomUUID(), randomUUID()];
    const incarnation = '2027-01-01T00:00:00+00:00';
    await storeOne(stored);
    await writeOne(deadLetter(dead));
    for (const at of [incarnation, null]) {
      expect(await writeOne(deadLetter(stored, 1, { incarnation: at }))).toBe('conflict');
      expect(await writeOne(deadLetter(dead, 1, { incarnation: at }))).toBe('conflict');
    }
    const together = [deadLetter(twins), deadLetter(stored, 1, { incarnation }), deadLetter(twins, 1, { incarnation })];
    const all = [...together, deadLetter(twins), deadLetter(stored)];
    expect(await endput.write(...all)).toEqual(['written', 'conflict', 'conflict', 'same', 'stored']);
    expect(await stateOf(stored)).toBeUndefined();
    expect(await stateOf(dead)).toEqual(['dead', 1, 1]);
  });

  it('keeps its bytes, and headers that hold what jsonb refuses', async () => {
    const id = randomUUID();
    const body = Buffer.from([0, 255, 1, 254]);
    await writeOne(deadLetter(id, 1, { body, headers: { nul: 'a\0b', lone: '\ud800', bytes: Buffer.from('x') } }));
    const [row] = await sql.query<{ body: Buffer; headers: object }>(
      'SELECT body, headers FROM dead_letters WHERE message_id = $1',
      [id],
    );
    expect(row?.body.equals(body)).toBe(true);
    expect(row?.headers).toEqual({ nul: 'a\uFFFDb', lone: '\uFFFD', bytes: 'eA==' });
  });
});

describe('where a message rests', () => {
  it('is never both stored and dead: stored wins, in whatever order copies come and however they overlap', async () => {
    const steps = fc.array(fc.constantFrom('store' as const, 'die' as const), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const id = randomUUID();
        await Promise.all(all.map((step) => (step === 'store' ? storeOne(id) : writeOne(deadLetter(id)))));
        const [dead] = await sql.query(`SELECT 1 FROM dead_letters WHERE message_id = $1 AND state = 'dead'`, [id]);
        const [stored] = await sql.query(`SELECT 1 FROM ${STORED} WHERE message_id = $1`, [id]);
        expect(stored !== undefined).toBe(all.includes('store'));
        expect(dead !== undefined).toBe(!all.includes('store'));
      }),
      { numRuns: 60 },
    );
  });

  it('gives the attempts of a superseded dead letter to the stored message', async () => {
    const id = randomUUID();
    await writeOne(deadLetter(id));
    await storeOne(id);
    expect(await stateOf(id)).toEqual(['redriven', 1, 0]);
  });
});

describe('a dead letter whose id is used again', () => {
  it('stays dead when the other order is stored', async () => {
    const id = randomUUID();
    await writeOne(deadLetter(id, 1, { incarnation: '2020-01-01T00:00:00+00:00' }));
    await storeOne(id);
    expect(await stateOf(id)).toEqual(['dead', 1, 1]);
  });
});

describe('recalling', () => {
  const ask = (messageId: string, round = 1, at: string | null = CREATED_AT) =>
    recall(sql, atRest, [{ messageId, round, incarnation: at }]);

  it('knows what is stored, dead or discarded, and nothing of others', async () => {
    const [stored, dead, discarded, unknown] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await storeOne(stored);
    await writeOne(deadLetter(dead));
    await writeOne(deadLetter(discarded));
    await sql.query(`UPDATE dead_letters SET state = 'discarded' WHERE message_id = $1`, [discarded]);
    expect((await ask(stored))[0]).toMatchObject({ kind: 'stored', attempts: 1, round: 1 });
    expect((await ask(dead))[0]).toMatchObject({ kind: 'dead', state: 'dead', last: { attempt: 1, round: 1 } });
    expect((await ask(discarded))[0]).toMatchObject({ kind: 'dead', state: 'discarded' });
    expect(await ask(unknown)).toEqual([undefined]);
    const all = await Promise.all([stored, dead, discarded, unknown].map((id) => ask(id)));
    expect(all.map(([rest]) => restsAs(rest))).toEqual(['stored', 'dead', 'discarded', undefined]);
  });

  it('lets the redriven round go on and stops the one before it', async () => {
    const id = randomUUID();
    await writeOne(deadLetter(id));
    await redrive(id);
    expect(await ask(id, 2)).toEqual([undefined]);
    const [before] = await ask(id, 1);
    expect(before).toMatchObject({ kind: 'dead', state: 'redriven' });
    expect(restsAs(before)).toBeUndefined();
  });

  it('takes another incarnation for another message', async () => {
    const id = randomUUID();
    await storeOne(id);
    const asked = ['2027-01-01T00:00:00+00:00', CREATED_AT].map((at) => ({ messageId: id, round: 1, incarnation: at }));
    expect(await recall(sql, atRest, asked)).toMatchObject([undefined, { kind: 'stored' }]);
  });

  it('knows a dead letter whose row has no time that could be kept', async () => {
    const id = randomUUID();
    await writeOne(deadLetter(id, 1, { incarnation: null }));
    expect((await ask(id, 1, null))[0]).toMatchObject({ kind: 'dead' });
    expect(await ask(id)).toEqual([undefined]);
  });
});

describe('groups', () => {
  it('count open dead letters by reason and error, with the newest as the example', async () => {
    const pipeline = randomUUID();
    const old = deadLetter(randomUUID(), 1, { pipeline });
    const young = deadLetter(randomUUID(), 1, {
      pipeline,
      deadAt: new Date('2026-02-01T00:00:00Z'),
      origin: 'system-2',
    });
    const other = deadLetter(randomUUID(), 1, { pipeline, reason: 'invalid', error: { code: 'bad', message: 'b' } });
    await endput.write(old, young, other);
    const { from, to, groups } = await groupDeadLetters(sql, pipeline, { state: 'dead' }, 3);
    expect([from, to]).toEqual(['2026-01-01T00:00:01+00:00', '2026-02-01T00:00:00+00:00']);
    expect(groups).toMatchObject([
      {
        reason: 'attempts-exhausted',
        errorCode: 'c',
        count: 2,
        sparkline: [1, 0, 1],
        example: { messageId: young.messageId, origin: 'system-2' },
      },
      { reason: 'invalid', errorCode: 'bad', count: 1, example: { message: 'b' } },
    ]);
  });
});

describe('while dead letters of a pipeline are written', () => {
  const mayStore = async ({ lockKey }: AtRestView) => {
    const [row] = await sql.query<{ isFree: boolean }>(
      'SELECT pg_try_advisory_xact_lock_shared($1::bigint) AS "isFree"',
      [String(lockKey)],
    );
    return row?.isFree;
  };

  it('nobody stores its messages, and other pipelines go on', async () => {
    await sql.transaction(async () => {
      expect(await mayStore(atRest)).toBe(false);
      expect(await mayStore(atRestView('others'))).toBe(true);
    }, lockToWriteDeadLetters(atRest));
    expect(await mayStore(atRest)).toBe(true);
  });

  it('those who store hold up who writes them, and not each other', async () => {
    await sql.transaction(async () => {
      expect(await mayStore(atRest)).toBe(true);
      const [row] = await sql.query('SELECT pg_try_advisory_xact_lock($1::bigint) AS free', [String(atRest.lockKey)]);
      expect(row).toEqual({ free: false });
    }, lockToStore(atRest));
  });
});
