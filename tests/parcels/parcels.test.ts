import type { ChildProcess } from 'node:child_process';
import { APPS, catalogue } from '@esteira/infra';
import { names, queueDepths } from '@esteira/messaging';
import type { Handler } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { scales } from './src/handler.ts';
import { identityOf, parcelMessage, type Parcel } from './src/parcel.ts';
import { parcelsPipeline } from './src/pipeline.ts';
import { parcelsConsumer } from './src/service.ts';
import { ended, openWorld, type World } from './world.ts';

const [BULK, EXPRESS] = ['bulk', 'express'].map((lane) => names.lane(parcelsPipeline, lane)) as [string, string];

let world: World;
let consumer: ChildProcess | undefined;

beforeAll(async () => {
  world = await openWorld();
});
afterEach(async () => {
  if (consumer !== undefined && !hasEnded(consumer)) await ended(consumer);
});
afterAll(async () => {
  await (world as World | undefined)?.close();
});

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** A parcel of Lisbon: `BR-1/a`, `BR-2/a`, … */
const parcel = (n: number, rest: Partial<Parcel> = {}): Parcel => {
  return { depot: 'lisbon', number: `BR-${n}/a`, grams: 500, ...rest };
};
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
const idOf = (one: Parcel) => identityOf(one).messageId;

const untilStored = (...parcels: readonly Parcel[]) =>
  vi.waitFor(async () => {
    const stored = await world.stored();
    expect(parcels.filter(({ number }) => !stored.has(number))).toEqual([]);
    return stored;
  }, patient);

interface Item {
  message_id: string;
  lane: string;
  origin: string | null;
  key: string | null;
  reason: string;
  attempts: number;
}

interface Attempt {
  attempt: number;
  status: string;
  worker: string;
}

const PARCELS = '/v0/pipelines/parcels';
const itemsOf = async (path: string) => (await world.ask('GET', path)).body['items'] as Item[];
const attemptsOf = async (query: string) =>
  (await world.ask('GET', `${PARCELS}/attempts?${query}`)).body['items'] as Attempt[];
const deadOf = (query: string) => itemsOf(`${PARCELS}/dead-letters?state=dead&sort=dead_at&${query}`);
const untilDead = (query: string, reasons: readonly string[]) =>
  vi.waitFor(async () => {
    const items = await deadOf(query);
    expect(items.map(({ reason }) => reason).sort()).toEqual([...reasons].sort());
    return items;
  }, patient);

describe('parcels, whose keys are texts', () => {
  it('are weighed in both lanes, once each and in as many attempts as they need; the log has every one', async () => {
    const bulk = numbered(1, 40).map((n) => parcel(n, { restless: n % 4 === 0 ? 2 : 0 }));
    const express = numbered(101, 20).map((n) => parcel(n, { restless: n % 5 === 0 ? 1 : 0 }));
    await world.send('bulk', ...bulk, bulk[0]!);
    await world.send('express', ...express, express[0]!);
    consumer = world.consumer();
    const stored = await untilStored(...bulk, ...express);
    const made = [...bulk, ...express].map(({ number }) => stored.get(number)!.attempts);
    expect(made).toEqual([...bulk, ...express].map(({ restless = 0 }) => restless + 1));
    // The log comes after the effect.
    const documents = await vi.waitFor(async () => {
      const found = await world.log.ofMessages([...bulk, ...express].map(idOf));
      expect(found).toHaveLength(made.reduce((sum, attempts) => sum + attempts, 0));
      return found;
    }, patient);
    expect(documents.find(({ key, attempt }) => key === 'BR-105/a' && attempt === 2)).toMatchObject({
      ...{ pipeline: 'parcels', type: 'parcel.sent', origin: 'lisbon', status: 'succeeded', incarnation: null },
      ...{ parcel: { number: 'BR-105/a', grams: 500 }, result: { grams: 500 }, info: 'SUCCESS at the 2 attempt.' },
    });
  });

  it('are all in their books, which find one that was handed over and never came', async () => {
    // The management API counts every few seconds.
    await vi.waitFor(async () => {
      const { lanes, waiting, returned } = await queueDepths(world.management, parcelsPipeline);
      expect([lanes, waiting, returned]).toEqual([0, 0, 0]);
    }, patient);
    const madeUp = async () => {
      const { id } = (await world.ask('POST', `${PARCELS}/books`, {})).body as { id: string };
      return (await world.ask('GET', `${PARCELS}/books/${id}`)).body;
    };
    world.handedOver.push(...numbered(1, 40).map((n) => parcel(n)));
    expect(await madeUp()).toMatchObject({ report: { adds_up: true, is_at_rest: true } });
    const lost = parcel(99);
    world.handedOver.push(lost);
    const { id, report } = await madeUp();
    expect(report).toMatchObject({
      ...{ adds_up: false, problems: [{ count: 1, what: 'lost: handed over, and nowhere' }] },
      origins: [{ origin: 'lisbon', accepted: 41, counts: { stored: 40, lost: 1 }, difference: 1 }],
    });
    expect(await itemsOf(`${PARCELS}/books/${String(id)}/items?class=lost`)).toMatchObject([
      { origin: 'lisbon', key: lost.number },
    ]);
  });

  it('become dead letters that say their lane, their depot and their number', async () => {
    await world.send('express', parcel(201, { grams: 40_000 }));
    await world.send('bulk', parcel(202, { restless: 9 }), parcel(203, { grams: 5 }));
    await world.publish({ ...parcelMessage(parcel(204), 'express'), body: Buffer.from('{') });
    consumer = world.consumer();
    const express = await untilDead('lane=express', ['refused', 'invalid']);
    expect(express.find(({ reason }) => reason === 'refused')).toMatchObject({
      ...{ lane: 'express', origin: 'lisbon', key: 'BR-201/a', message_id: idOf(parcel(201)), attempts: 1 },
    });
    expect(express.find(({ reason }) => reason === 'invalid')).toMatchObject({ origin: null, key: null });
    const bulk = await untilDead('lane=bulk', ['attempts-exhausted', 'rejected-by-store']);
    expect(new Map(bulk.map((one) => [one.key, one.attempts]))).toEqual(
      new Map([
        ['BR-202/a', 3],
        ['BR-203/a', 1],
      ]),
    );
    // The log comes after the dead letters.
    await vi.waitFor(async () => {
      const tried = await attemptsOf('origin=lisbon&key=BR-202/a');
      expect(tried.map(({ attempt, status }) => [attempt, status])).toEqual([
        [3, 'dead-lettered'],
        [2, 'failed'],
        [1, 'failed'],
      ]);
      expect(await attemptsOf(`message_id=${idOf(parcel(203))}&worker=${tried[0]!.worker}`)).toMatchObject([
        { status: 'dead-lettered', reason: 'rejected-by-store', key: 'BR-203/a' },
      ]);
    }, patient);
  });

  it('are dead or discarded in their books', async () => {
    world.handedOver.push(...[201, 202, 203].map((n) => parcel(n)));
    const selection = { message_ids: [idOf(parcel(203))] };
    const discard = { why: 'lost its label', selection };
    expect(await world.ask('POST', `${PARCELS}/dead-letters/discards`, discard)).toMatchObject({ status: 202 });
    await vi.waitFor(async () => {
      const { id } = (await world.ask('POST', `${PARCELS}/books`, {})).body as { id: string };
      const { report } = (await world.ask('GET', `${PARCELS}/books/${id}`)).body;
      expect(report).toMatchObject({ origins: [{ counts: { dead: 2, discarded: 1 } }] });
    }, patient);
  });

  it('go back to the lane they came from when they are edited and redriven, and are weighed there', async () => {
    const [heavy, unsettled] = [parcel(201), parcel(202)];
    const edit = (body: Parcel) =>
      world.ask('PUT', `${PARCELS}/dead-letters/${idOf(heavy)}/body`, { body: JSON.stringify(body), why: 'repacked' });
    expect(await edit(parcel(999))).toMatchObject({ status: 422, body: { problem_code: 'other-message' } });
    expect(await edit({ ...heavy, grams: 20_000 })).toMatchObject({ status: 200, body: { key: 'BR-201/a' } });
    const redrive = async (body: object) => {
      const answer = await world.ask('POST', `${PARCELS}/dead-letters/redrives`, { why: 'mended', ...body });
      expect(answer.status).toBe(202);
      return String(answer.body['id']);
    };
    // Nobody consumes: they are seen to wait, each in its lane.
    const first = await redrive({ selection: { message_ids: [idOf(heavy)] } });
    await vi.waitFor(async () => {
      expect(await world.ready(BULK, EXPRESS)).toEqual([0, 1]);
    }, patient);
    const second = await redrive({
      selection: { filter: { lane: 'bulk', reason: 'attempts-exhausted' } },
      max_attempts: 10,
    });
    await vi.waitFor(async () => {
      expect(await world.ready(BULK, EXPRESS)).toEqual([1, 1]);
    }, patient);
    consumer = world.consumer();
    const stored = await untilStored(heavy, unsettled);
    expect(stored.get(heavy.number)).toEqual({ grams: 20_000, round: 2, attempts: 1 });
    expect(stored.get(unsettled.number)).toEqual({ grams: 500, round: 2, attempts: 10 });
    for (const id of [first, second])
      await vi.waitFor(async () => {
        expect((await world.ask('GET', `${PARCELS}/jobs/${id}`)).body).toMatchObject({ state: 'finished', done: 1 });
      }, patient);
  });

  it('that end their consumer are found: one alone is given up, in its lane, and all others are weighed', async () => {
    const killer = parcel(300, { grams: 0 });
    const others = numbered(301, 20).map((n) => parcel(n));
    await world.send('express', ...others.slice(0, 5), killer, ...others.slice(5, 10));
    await world.send('bulk', ...others.slice(10));
    let lives = 0;
    await vi.waitFor(
      async () => {
        if (consumer === undefined || hasEnded(consumer)) {
          consumer = world.consumer();
          lives += 1;
        }
        const stored = await world.stored();
        expect(others.filter(({ number }) => !stored.has(number))).toEqual([]);
        expect(await deadOf('reason=crashed-consumer')).toHaveLength(1);
      },
      { ...patient, timeout: 540_000 },
    );
    expect(lives).toBeGreaterThan(1);
    expect(await deadOf('reason=crashed-consumer')).toMatchObject([{ lane: 'express', message_id: idOf(killer) }]);
    expect((await world.stored()).has(killer.number)).toBe(false);
  });

  it('that take long hold up nobody, neither in their lane, where each is by itself, nor in the one of batches', async () => {
    const slow = parcel(400);
    const [express, bulk] = [numbered(401, 20), numbered(431, 20)].map((all) => all.map((n) => parcel(n))) as [
      Parcel[],
      Parcel[],
    ];
    const isDone = Promise.withResolvers<undefined>();
    const handler: Handler<Parcel> = {
      name: 'slow scales',
      handle: async (one, context) => {
        if (one.number === slow.number) await isDone.promise;
        return scales.handle(one, context);
      },
    };
    await world.send('express', slow, ...express);
    await world.send('bulk', ...bulk);
    const here = await world.consumerHere({ handler });
    const stored = await untilStored(...express, ...bulk);
    expect(stored.has(slow.number)).toBe(false);
    isDone.resolve(undefined);
    await untilStored(slow);
    await here.stop(60_000);
  });

  it('wait for their next attempt as their lane says', async () => {
    const HOUR = 3_600_000;
    const here = await world.consumerHere({
      lanes: {
        bulk: { mode: 'batch', policy: { delaysMs: [HOUR], timeoutMs: 60_000 } },
        express: { mode: 'each', concurrency: 1, policy: { delaysMs: [2 * HOUR], timeoutMs: 60_000 } },
      },
    });
    const waits = [HOUR, 2 * HOUR].map((delayMs) => names.waitQueue(parcelsPipeline, delayMs));
    const untilReady = (counts: readonly number[]) =>
      vi.waitFor(async () => {
        expect(await world.ready(...waits)).toEqual(counts);
      }, patient);
    await world.send('express', parcel(501, { restless: 1 }));
    await untilReady([0, 1]);
    await world.send('bulk', parcel(502, { restless: 1 }));
    await untilReady([1, 1]);
    await here.stop(60_000);
  });

  it('are given up after as many attempts as their lane says, and redriven with as many, or with those that the redrive asks for', async () => {
    const unsettled = [601, 602].map((n) => parcel(n, { restless: 5 })) as [Parcel, Parcel];
    await world.send('express', unsettled[0]);
    await world.send('bulk', unsettled[1]);
    consumer = world.consumer();
    const untilTried = (...attempts: readonly number[]) =>
      vi.waitFor(async () => {
        const dead = new Map((await deadOf('reason=attempts-exhausted')).map((one) => [one.message_id, one.attempts]));
        expect(unsettled.map((one) => dead.get(idOf(one)))).toEqual(attempts);
      }, patient);
    await untilTried(2, 3);
    const redrive = async (one: Parcel, asked: object) => {
      const body = { selection: { message_ids: [idOf(one)] }, why: 'mended', ...asked };
      expect((await world.ask('POST', `${PARCELS}/dead-letters/redrives`, body)).status).toBe(202);
    };
    await redrive(unsettled[0], {});
    await untilTried(4, 3);
    await redrive(unsettled[1], { max_attempts: 1 });
    await untilTried(4, 4);
    await redrive(unsettled[0], { max_attempts: 10 });
    expect((await untilStored(unsettled[0])).get(unsettled[0].number)).toEqual({ grams: 500, round: 3, attempts: 6 });
  });
});

describe('orders and parcels in one console', () => {
  const ORDERS = '/v0/pipelines/orders';
  beforeAll(async () => {
    await world.orders.post(0, '/v0/insert-data', { positive_inserts: 0, negative_inserts: 3 });
    await world.orders.publishAll(0);
    await vi.waitFor(async () => {
      expect(await itemsOf(`${ORDERS}/dead-letters`)).toHaveLength(3);
    }, patient);
  });

  it('are listed with their lanes, and with what people call their messages', async () => {
    expect((await world.ask('GET', '/v0/pipelines')).body['pipelines']).toMatchObject([
      { name: 'orders', lanes: ['primary'] },
      { name: 'parcels', title: 'Parcels', lanes: ['bulk', 'express'], words: { key: 'Number' }, parts: [] },
    ]);
  });

  it('see each their own dead letters, groups, jobs and history, and no route of the other', async () => {
    const [ofOrders, ofParcels] = [await itemsOf(`${ORDERS}/dead-letters`), await itemsOf(`${PARCELS}/dead-letters`)];
    expect(new Set(ofOrders.map(({ lane }) => lane))).toEqual(new Set(['primary']));
    expect(new Set(ofParcels.map(({ lane }) => lane))).toEqual(new Set(['bulk', 'express']));
    const [order, one] = [ofOrders[0]!.message_id, ofParcels[0]!.message_id];
    expect((await world.ask('GET', `${ORDERS}/dead-letters/${one}`)).status).toBe(404);
    expect((await world.ask('GET', `${PARCELS}/dead-letters/${order}`)).status).toBe(404);
    const { groups } = (await world.ask('GET', `${ORDERS}/dead-letters/groups`)).body as {
      groups: { count: number }[];
    };
    expect(groups.map(({ count }) => count)).toEqual([3]);
    expect((await itemsOf(`${PARCELS}/jobs`)).length).toBe(6);
    expect(await itemsOf(`${ORDERS}/jobs`)).toEqual([]);
    expect((await itemsOf(`${PARCELS}/history`)).length).toBeGreaterThan(0);
    expect(JSON.stringify(await itemsOf(`${ORDERS}/history`))).not.toContain(idOf(parcel(201)));
    expect((await world.ask('GET', `${PARCELS}/messages`)).status).toBe(404);
  });

  it('have each an overview of their own queues and consumers', async () => {
    consumer = world.consumer();
    const lanesOf = async (base: string) => {
      const { body } = await world.ask('GET', `${base}/overview`);
      return (body['queues'] as { lanes: { queue: string }[] }).lanes.map(({ queue }) => queue).sort();
    };
    await vi.waitFor(async () => {
      expect(await lanesOf(PARCELS)).toEqual([BULK, EXPRESS]);
      expect(await lanesOf(ORDERS)).toEqual(['orders.primary']);
      const { consumers } = (await world.ask('GET', `${PARCELS}/overview`)).body as { consumers: { name: string }[] };
      expect(consumers.map(({ name }) => name)).toEqual([expect.stringMatching(/^parcels-consumer@/)]);
    }, patient);
  });
});

it('the consumer of parcels is among what runs where parcels do, and only there', () => {
  const { settings } = world.orders;
  const runs = (...pipelines: string[]) =>
    catalogue({ ...settings, pipelines }, [...APPS, parcelsConsumer]).some(({ name }) => name === 'parcels-consumer');
  expect([runs('orders'), runs('orders', 'parcels'), runs('parcels')]).toEqual([false, true, true]);
});
