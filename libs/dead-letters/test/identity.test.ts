import { randomUUID } from 'node:crypto';
import type { Identity, Pipeline } from '@esteira/pipeline';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  editBody,
  listDeadLetters,
  lookUpDeadLetters,
  ORDER_OF_KEYS,
  previewJob,
  recall,
  redrivenMessages,
  supersede,
  type DeadLetter,
  type Redrivable,
} from '../src/index.ts';
import { atRest, deadLetterOf, openThings, STORED, things, type ThingsEndput } from './support/things.ts';

let endput: ThingsEndput;

beforeAll(async () => {
  endput = await openThings();
});
afterAll(() => endput.close());

/** A message of a pipeline whose keys are words, and are never used again. */
const named = (key: string, changes: Partial<DeadLetter> = {}) =>
  deadLetterOf(1, { messageId: randomUUID(), origin: 'depot', key, incarnation: null, ...changes });
const redrivable: Redrivable = {
  pipeline: things,
  atRest,
  readBody: () => ({ messageId: randomUUID(), origin: 'depot', key: 'k', incarnation: null }),
};
const store = (messageId: string) => endput.sql.query(`INSERT INTO ${STORED} VALUES ($1, NULL, 1, 1)`, [messageId]);

describe('a pipeline whose keys are words and never used again', () => {
  it('has its messages recognised where they rest', async () => {
    const [dead, stored] = [named('red box'), named('blue box')];
    await store(stored.messageId);
    expect(await endput.write(dead, stored)).toEqual(['written', 'stored']);
    expect(await endput.write(dead)).toEqual(['same']);
    const asked = [dead, stored, named('green box')];
    expect(await recall(endput.sql, atRest, asked)).toMatchObject([{ kind: 'dead' }, { kind: 'stored' }, undefined]);
  });

  it('has a stored message win over its dead letter', async () => {
    const one = named('a box');
    await endput.write(one);
    await store(one.messageId);
    const request = { action: 'redrive', selection: { messageIds: [one.messageId] } } as const;
    expect(await previewJob(endput.sql, redrivable, request)).toMatchObject({ total: 1, alreadyStored: 1 });
    await endput.sql.transaction((tx) => supersede(tx, [one]));
    const [after] = await lookUpDeadLetters(endput.sql, things.name, { messageIds: [one.messageId] });
    expect(after).toMatchObject({ state: 'redriven', key: 'a box' });
  });

  it('finds a dead letter by its key, and makes its message again by it', async () => {
    const [one, other] = [named('a crate'), named('a crate', { origin: 'harbour' })];
    await endput.write(one, other);
    const found = await lookUpDeadLetters(endput.sql, things.name, { origin: 'depot', key: 'a crate' });
    expect(found.map(({ messageId }) => messageId)).toEqual([one.messageId]);
    await endput.sql.query(`UPDATE dead_letters SET state = 'redriven', round = 2 WHERE key = 'a crate'`);
    const which = { origin: 'depot', keys: ['a crate', 'no crate'] };
    const made = await redrivenMessages(endput.sql, redrivable, which, 5);
    expect(made).toMatchObject([{ message: { body: one.body }, incarnation: null }]);
  });

  it('is made a message again with as many attempts as it carried; where it carried none, with those of its lane', async () => {
    const [three, none] = [named('a jar'), named('a lid', { headers: {} })];
    await endput.write(three, none);
    await endput.sql.query(`UPDATE dead_letters SET state = 'redriven', round = 2 WHERE key IN ('a jar', 'a lid')`);
    const attempts = async (limits: Pipeline['limits'] & object) => {
      const ours = { ...redrivable, pipeline: { ...things, limits } };
      const made = await redrivenMessages(endput.sql, ours, { origin: 'depot', keys: ['a jar', 'a lid'] }, 5);
      return made.map(({ message: { headers } }) => headers['x-max-attempts']);
    };
    expect(await attempts({ primary: { maxAttempts: 2 } })).toEqual([3, 2]);
    expect(await attempts({ express: { maxAttempts: 2 } })).toEqual([3, 5]);
  });
});

describe('an edit', () => {
  const edited = async (dead: DeadLetter, identity: Partial<Identity>) => {
    await endput.write(dead);
    const known = { origin: 'depot', key: dead.key ?? 'told', incarnation: null };
    const readBody = () => ({ messageId: dead.messageId, ...known, ...identity });
    const edit = { messageId: dead.messageId, body: Buffer.from('new'), by: 'ana', why: 'a typo' };
    return editBody(endput.sql, { pipeline: things, atRest, readBody }, edit);
  };

  it('tells what the dead letter could not', async () => {
    const told = { key: 'k', incarnation: 'second' };
    const dead = named('', { origin: null, key: null });
    expect(await edited(dead, told)).toMatchObject({ kind: 'edited', deadLetter: { origin: 'depot', ...told } });
  });

  it.each([
    ['origin', 'The origin must stay depot, not harbour.', { origin: 'harbour' }],
    ['key', 'The key must stay a bag, not another.', { key: 'another' }],
    ['incarnation', 'The incarnation must stay first, not null.', { incarnation: null }],
  ])('can not change the %s', async (_, message, identity) => {
    const answer = await edited(named('a bag', { incarnation: 'first' }), { incarnation: 'first', ...identity });
    expect(answer).toEqual({ kind: 'refused', problem: { code: 'other-message', message } });
  });

  it('is refused where no table could hold who it says to be', async () => {
    const answer = await edited(named('', { key: null }), { key: 'k'.repeat(256) });
    expect(answer).toMatchObject({ kind: 'refused', problem: { code: 'invalid-identity' } });
  });
});

it('keys that are whole numbers stand in the order of these', async () => {
  const numbers = fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { minLength: 2, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(numbers, async (keys) => {
      const origin = randomUUID();
      await endput.write(...keys.map((key) => named(String(key), { origin })));
      const rows = await endput.sql.query<{ key: string }>(
        `SELECT key FROM dead_letters WHERE pipeline = $1 AND origin = $2 ORDER BY ${ORDER_OF_KEYS}`,
        [things.name, origin],
      );
      const sorted = [...keys].sort((one, other) => (one < other ? -1 : 1));
      expect(rows.map(({ key }) => key)).toEqual(sorted.map(String));
    }),
    { numRuns: 20 },
  );
});

it('a filter that is not understood means nothing, and not everything', async () => {
  const filter = { system: 'system-1' } as object;
  await expect(listDeadLetters(endput.sql, things.name, { filter, limit: 1 })).rejects.toThrow(/apart by system/);
});
