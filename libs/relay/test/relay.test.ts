import { setTimeout as sleep } from 'node:timers/promises';
import { patient } from '@esteira/tests/patience';
import fc from 'fast-check';
import type { OutgoingMessage, PublishOutcome } from '@esteira/pipeline';
import { describe, expect, inject, it, vi } from 'vitest';
import { RedisFault, UnpublishableRow } from '../src/index.ts';
import {
  confirmAll,
  cursorOf,
  freshSystem,
  holderOf,
  keyOf,
  memoryBroker,
  memorySource,
  networkTo,
  redisHere,
  relayOf,
  runOver,
} from './support.ts';

const request = { maxAttempts: 5 };
/** Other tests may keep the machine busy. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { ...patient, interval: 5 });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

function setUp(rows: number) {
  const system = freshSystem();
  const source = memorySource(rows);
  const broker = memoryBroker();
  return { system, source, broker, relay: relayOf({ system, source, publish: broker.publish }) };
}

/** Answers of a broker that the test gives one by one. */
function heldAnswers() {
  const calls: { messages: readonly OutgoingMessage[]; confirm: () => void }[] = [];
  const answer = (messages: readonly OutgoingMessage[]) =>
    new Promise<PublishOutcome[]>((resolve) => {
      calls.push({
        messages,
        confirm: () => {
          resolve(messages.map(() => 'confirmed'));
        },
      });
    });
  return { calls, answer };
}

describe('a run', () => {
  it.each([0, 1, 9, 10, 11, 100, 105])('publishes each of %i rows once and finishes at the last', async (rows) => {
    const { relay, broker, system } = setUp(rows);
    const started = await relay.run(request);
    expect(started).toEqual({ started: true, runId: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
    const cursor = await runOver(relay);
    expect(broker.confirmed).toEqual(upTo(rows));
    expect(cursor).toMatchObject({ status: 'FINISHED', publishedCount: rows, database: 'shop', timeline: '1' });
    expect((await cursorOf(system).read()).lastId).toBe(rows === 0 ? undefined : String(rows));
  });

  it('goes on where the last one ended', async () => {
    const { relay, broker, source } = setUp(25);
    await relay.run(request);
    await runOver(relay);
    source.rows = 40;
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ publishedCount: 40, lastId: '40' });
    expect(broker.confirmed).toEqual(upTo(40));
  });

  it('publishes everything again after clear', async () => {
    const { relay, broker } = setUp(15);
    await relay.run(request);
    await runOver(relay);
    expect(await relay.clear()).toEqual({ cleared: true });
    expect((await relay.status()).cursor).toMatchObject({ status: 'IDLE', publishedCount: 0 });
    await relay.run(request);
    await runOver(relay);
    expect(broker.confirmed).toEqual([...upTo(15), ...upTo(15)]);
  });

  it('moves its cursor over a page only when all pages before it are confirmed', async () => {
    const { relay, broker, system } = setUp(30);
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    await relay.run(request);
    await eventually(() => {
      expect(calls).toHaveLength(3);
    });
    const cursor = cursorOf(system);
    calls[1]?.confirm();
    calls[2]?.confirm();
    await eventually(() => {
      expect(broker.confirmed).toHaveLength(20);
    });
    expect((await cursor.read()).lastId).toBeUndefined();
    calls[0]?.confirm();
    expect(await runOver(relay)).toMatchObject({ lastId: '30' });
  });

  it('is refused while another one runs, here or in another process, and clear with it', async () => {
    const { relay, broker, source, system } = setUp(10);
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    const other = relayOf({ system, source, publish: broker.publish });
    const answers = await Promise.all([relay, other, relay, other].map((each) => each.run(request)));
    expect(answers.filter(({ started }) => started)).toHaveLength(1);
    const runId = answers.find((each) => each.started)?.runId;
    const refusal = { code: 'already-running', runId, message: expect.stringContaining('is going on') as string };
    expect(answers.filter(({ started }) => !started)).toEqual(Array(3).fill({ started: false, refusal }));
    expect(await relay.clear()).toEqual({ cleared: false, refusal });
    await eventually(() => {
      expect(calls).toHaveLength(1);
    });
    calls[0]?.confirm();
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', publishedCount: 10 });
  });

  it('follows its source until it is stopped, when asked to', async () => {
    const { relay, broker, source } = setUp(5);
    await relay.run({ ...request, follow: true });
    await eventually(async () => {
      expect((await relay.status()).activity).toMatchObject({ phase: 'following' });
    });
    source.rows = 25;
    await eventually(() => {
      expect(broker.confirmed).toEqual(upTo(25));
    });
    expect(await relay.stop()).toEqual({ stopped: true });
    expect((await relay.status()).cursor).toMatchObject({ status: 'IDLE', lastId: '25' });
  });
});

describe('stop', () => {
  it('ends a run after the pages at hand, and the cursor stands behind them', async () => {
    const { relay, broker } = setUp(1000);
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    await relay.run(request);
    await eventually(() => {
      expect(calls).toHaveLength(3);
    });
    const stopped = relay.stop();
    for (const call of calls) call.confirm();
    expect(await stopped).toEqual({ stopped: true });
    expect((await relay.status()).cursor).toMatchObject({ status: 'IDLE', lastId: '30', publishedCount: 30 });
    expect(calls).toHaveLength(3);
    broker.answer = confirmAll;
    await relay.run(request);
    await runOver(relay);
    expect(broker.confirmed).toEqual(upTo(1000));
  });

  it('answers at once where nothing runs', async () => {
    const { relay } = setUp(1);
    expect(await relay.stop()).toEqual({ stopped: false });
    await relay.run(request);
    await runOver(relay);
    expect(await relay.stop()).toEqual({ stopped: false });
  });

  it('ends the waiting for a broker that is not there', async () => {
    const { relay, broker } = setUp(10);
    broker.answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await relay.run(request);
    await eventually(async () => {
      const { activity } = await relay.status();
      expect(activity).toMatchObject({ phase: 'waiting', waitingFor: 'the broker: connect ECONNREFUSED' });
    });
    expect(await relay.stop()).toEqual({ stopped: true });
    expect((await relay.status()).cursor).toMatchObject({ status: 'IDLE', publishedCount: 0 });
  });
});

describe('a broker that took a page and never answers', () => {
  it('does not keep stop waiting for long, and its late answer moves no cursor', async () => {
    const system = freshSystem();
    const broker = memoryBroker();
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    const relay = relayOf({ system, source: memorySource(10), publish: broker.publish, landingMs: 50 });
    await relay.run(request);
    await eventually(() => {
      expect(calls).toHaveLength(1);
    });
    expect(await relay.stop()).toEqual({ stopped: true });
    const stopped = { status: 'IDLE', publishedCount: 0 };
    expect((await relay.status()).cursor).toMatchObject(stopped);
    calls[0]?.confirm();
    await eventually(() => {
      expect(broker.confirmed).toHaveLength(10);
    });
    expect((await relay.status()).cursor).toMatchObject(stopped);
  });
});

describe('close', () => {
  it('does not wait for a Redis that is not there', async () => {
    const { hostname, port } = new URL(inject('env')['REDIS_URL'] ?? '');
    const network = await networkTo(hostname, Number(port));
    const broker = memoryBroker();
    const system = freshSystem();
    const redisUrl = `redis://127.0.0.1:${network.port}`;
    const relay = relayOf({ system, source: memorySource(1), publish: broker.publish, redisUrl });
    await relay.run({ ...request, follow: true });
    await eventually(() => {
      expect(broker.confirmed).toEqual([1]);
    });
    network.cut();
    await relay.close();
    expect((await cursorOf(system).read()).status).toBe('RUNNING');
  });

  it('leaves a run that counts as interrupted at once and is gone on with by another process', async () => {
    const { relay, broker, source, system } = setUp(1000);
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    await relay.run(request);
    await eventually(() => {
      expect(calls).toHaveLength(3);
    });
    const closed = relay.close();
    for (const call of calls) call.confirm();
    await closed;
    const other = relayOf({ system, source, publish: broker.publish });
    expect((await other.status()).cursor).toMatchObject({ status: 'RUNNING', interrupted: true, lastId: '30' });
    broker.answer = confirmAll;
    await other.run(request);
    expect(await runOver(other)).toMatchObject({ status: 'FINISHED', publishedCount: 1000 });
    expect(broker.confirmed).toEqual(upTo(1000));
    await expect(relay.run(request)).rejects.toThrow(/closed/);
  });
});

describe('a fault', () => {
  it('of the broker is waited out, and what it refused is sent again', async () => {
    const { relay, broker } = setUp(35);
    let calls = 0;
    broker.answer = (messages) => {
      calls++;
      if (calls === 2) return Promise.reject(new Error('the connection is lost'));
      return Promise.resolve(messages.map((_, i) => (calls === 3 && i % 2 === 0 ? 'refused' : 'confirmed')));
    };
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', publishedCount: 35 });
    expect(broker.confirmed.toSorted((a, b) => a - b)).toEqual(upTo(35));
  });

  it('of the source is waited out, and the activity says so', async () => {
    const { relay, broker, source } = setUp(10);
    source.fault = new Error('terminating connection due to administrator command');
    await relay.run(request);
    await eventually(async () => {
      const { activity } = await relay.status();
      expect(activity?.waitingFor).toMatch(/^the source: terminating connection/);
    });
    source.fault = undefined;
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED' });
    expect(broker.confirmed).toEqual(upTo(10));
  });

  it('of Redis is waited out; asked meanwhile, the relay answers with a RedisFault', async () => {
    const { hostname, port } = new URL(inject('env')['REDIS_URL'] ?? '');
    const network = await networkTo(hostname, Number(port));
    const system = freshSystem();
    const broker = memoryBroker();
    const source = memorySource(100);
    const relay = relayOf({ system, source, publish: broker.publish, redisUrl: `redis://127.0.0.1:${network.port}` });
    await relay.ready();
    broker.answer = (messages) => {
      if (messages[0]?.messageId === '31') network.cut();
      return confirmAll(messages);
    };
    await relay.run(request);
    await eventually(() => expect(relay.status()).rejects.toThrow(RedisFault));
    await expect(relay.ready()).rejects.toThrow(RedisFault);
    await expect(relay.run(request)).rejects.toThrow(RedisFault);
    const before = (await cursorOf(system).read()).lastId;
    expect(Number(before ?? 0)).toBeLessThanOrEqual(30);
    network.mend();
    await vi.waitFor(() => relay.ready(), patient);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', publishedCount: 100 });
  });
});

describe('what needs a person', () => {
  it('is a message that came back: the cursor stands before its page, and unblock leaves the ERROR', async () => {
    const { relay, broker } = setUp(50);
    broker.answer = (messages) =>
      Promise.resolve(messages.map(({ messageId }) => (messageId === '25' ? 'unroutable' : 'confirmed')));
    await relay.run(request);
    const cursor = await runOver(relay);
    expect(cursor).toMatchObject({ status: 'ERROR', lastId: '20', error: { code: 'unroutable' } });
    expect(cursor.error?.message).toMatch(/message 25 .*exchange esteira[.]things.*"primary".*unblock/s);
    expect(await relay.run(request)).toMatchObject({
      started: false,
      refusal: { code: 'in-error', message: expect.stringContaining('came back') as string },
    });
    expect(await relay.unblock()).toEqual({ unblocked: true });
    broker.answer = confirmAll;
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', lastId: '50', publishedCount: 50 });
  });

  it.each([
    ['another cluster', { systemIdentifier: '7388' }, 40],
    ['another timeline', { timeline: '2' }, 40],
    ['an older copy of the source, which the cursor is ahead of', { nextTransactionId: '102' }, 10],
  ])('is %s: nothing of it is published until clear', async (_, change, rows) => {
    const { relay, broker, source } = setUp(20);
    await relay.run(request);
    await runOver(relay);
    source.rows = rows;
    source.state = { ...source.state, ...change };
    await relay.run(request);
    const cursor = await runOver(relay);
    expect(cursor).toMatchObject({ status: 'ERROR', lastId: '20', error: { code: 'source-changed' } });
    expect(cursor.error?.message).toContain('Clearing the cursor publishes everything again and harms nothing');
    expect(broker.confirmed).toEqual(upTo(20));
    await relay.clear();
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', lastId: String(rows), publishedCount: rows });
    expect(broker.confirmed).toEqual([...upTo(20), ...upTo(rows)]);
  });

  it('is a row that no message can be made of: what is before it is published, and mended it goes on', async () => {
    const { relay, broker, source } = setUp(15);
    const next = source.next.bind(source);
    const refusal = 'system-1: the row with id -5 of "shop" can\'t be published. Give it another id';
    source.next = (after, limit, journey) =>
      after === undefined ? next(after, limit, journey) : Promise.reject(new UnpublishableRow(refusal));
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({
      status: 'ERROR',
      lastId: '10',
      error: { code: 'unpublishable-row', message: `${refusal}, then unblock the cursor and run again.` },
    });
    source.next = next;
    await relay.unblock();
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', lastId: '15' });
    expect(broker.confirmed).toEqual(upTo(15));
  });

  it('is another cluster that answers in the middle of a run', async () => {
    const { relay, broker, source } = setUp(100);
    broker.answer = (messages) => {
      source.state = { ...source.state, systemIdentifier: '7388' };
      return confirmAll(messages);
    };
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ status: 'ERROR', lastId: '10', error: { code: 'source-changed' } });
  });
});

describe('a run whose cursor is', () => {
  it('gone ends, makes it not again, and the next run publishes everything', async () => {
    const { relay, broker, source, system } = setUp(20);
    await relay.run({ ...request, follow: true });
    await eventually(async () => {
      expect((await relay.status()).cursor.lastId).toBe('20');
    });
    await redisHere().script(`return redis.call('DEL', KEYS[1])`, keyOf(system));
    source.rows = 30;
    await eventually(() => {
      expect(broker.confirmed).toEqual(upTo(30));
    });
    await eventually(async () => {
      expect(await relay.stop()).toEqual({ stopped: false });
    });
    expect((await relay.status()).cursor).toEqual({ status: 'IDLE', interrupted: false, publishedCount: 0 });
    await relay.run(request);
    await runOver(relay);
    expect(broker.confirmed).toEqual([...upTo(30), ...upTo(30)]);
  });

  it('taken ends and changes nothing of it', async () => {
    const { relay, broker, system } = setUp(20);
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    await relay.run(request);
    await eventually(() => {
      expect(calls).toHaveLength(2);
    });
    const cursor = cursorOf(system);
    await cursor.write(await holderOf(system), 0);
    await cursor.start('b', 60_000, new Date(), request);
    for (const call of calls) call.confirm();
    await eventually(() => {
      expect(broker.confirmed).toHaveLength(20);
    });
    await relay.close();
    expect(await cursor.read()).toMatchObject({ status: 'RUNNING', runId: 'b', publishedCount: 0 });
  });

  it('held by a page that waits long for its confirms keeps its lease', async () => {
    const system = freshSystem();
    const broker = memoryBroker();
    const { calls, answer } = heldAnswers();
    broker.answer = answer;
    const relay = relayOf({ system, source: memorySource(10), publish: broker.publish });
    await relay.run(request);
    await eventually(() => {
      expect(calls).toHaveLength(1);
    });
    const leaseUntil = async () =>
      Number(await redisHere().script(`return redis.call('HGET', KEYS[1], 'lease_until')`, keyOf(system)));
    for (let renewals = 0; renewals < 2; renewals += 1) {
      const before = await leaseUntil();
      await eventually(async () => {
        expect(await leaseUntil()).toBeGreaterThan(before);
      });
    }
    const another = await cursorOf(system).start('b', 60_000, new Date(), request);
    expect(another).toMatchObject({ kind: 'already-running' });
    calls[0]?.confirm();
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED' });
  });
});

describe('a lane that is too deep', () => {
  it('pauses publishing until it has drained, and is asked a few times a second only', async () => {
    const system = freshSystem();
    const broker = memoryBroker();
    let drained = 0;
    let asked = 0;
    const depth = () => {
      asked += 1;
      return Promise.resolve(broker.confirmed.length - drained);
    };
    const relay = relayOf({
      system,
      source: memorySource(200),
      publish: broker.publish,
      depth,
      maxLaneDepth: () => 50,
    });
    const began = performance.now();
    await relay.run(request);
    await eventually(async () => {
      expect((await relay.status()).activity?.waitingFor).toMatch(/the lane to drain: it holds 60/);
    });
    expect(broker.confirmed).toHaveLength(60);
    drained = 60;
    await eventually(() => {
      expect(broker.confirmed.length).toBeGreaterThan(60);
    });
    drained = 1_000;
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', publishedCount: 200 });
    // At most every 250 ms, however long it all took.
    expect(asked).toBeLessThanOrEqual(1 + (performance.now() - began) / 250);
  });

  it('holds back no page that has nothing for it, and each lane has a limit of its own', async () => {
    const broker = memoryBroker();
    const depths = new Map([
      ['full', 1_000],
      ['primary', 1_000],
    ]);
    const asked = new Set<string>();
    const relay = relayOf({
      ...{ system: freshSystem(), source: memorySource(200), publish: broker.publish },
      depth: (lane) => {
        asked.add(lane);
        return Promise.resolve(depths.get(lane) ?? 0);
      },
      maxLaneDepth: (lane) => (lane === 'primary' ? 2_000 : 10),
    });
    await relay.run(request);
    expect(await runOver(relay)).toMatchObject({ status: 'FINISHED', publishedCount: 200 });
    expect([...asked]).toEqual(['primary']);
  });
});

describe('whatever a broker answers, and whenever a run is stopped', () => {
  it('the cursor never passes a row that is not confirmed, and in the end every row is', async () => {
    const answers = fc.array(fc.constantFrom('confirm', 'late', 'lost', 'lost-after', 'some'), {
      maxLength: 5,
    });
    const run = async (rows: number, plan: string[], stopAfter: number | undefined) => {
      const { relay, broker } = setUp(rows);
      let calls = 0;
      const confirmed = new Set<number>();
      broker.answer = async (messages) => {
        const how = plan[calls++] ?? 'confirm';
        if (calls === stopAfter) void relay.stop();
        if (how === 'late') await sleep(10);
        if (how === 'lost') throw new Error('lost');
        const outcomes = messages.map((_, i): PublishOutcome =>
          how === 'some' && i % 3 === 0 ? 'refused' : 'confirmed',
        );
        messages.forEach(({ messageId }, i) => outcomes[i] === 'confirmed' && confirmed.add(Number(messageId)));
        if (how === 'lost-after') throw new Error('lost after the broker took it');
        return outcomes;
      };
      const wrong: unknown[] = [];
      for (let over = false; !over;) {
        await relay.run(request);
        const watched = await vi.waitFor(
          async () => {
            const { cursor } = await relay.status();
            // Outside of what is tried again: once is too often.
            const at = Number(cursor.lastId ?? 0);
            if (upTo(at).some((id) => !confirmed.has(id)) || cursor.publishedCount !== at) wrong.push(cursor);
            if (cursor.status === 'RUNNING') throw new Error('still running');
            return cursor;
          },
          { ...patient, interval: 2 },
        );
        over = watched.status === 'FINISHED';
      }
      expect(wrong).toEqual([]);
      expect([...confirmed].toSorted((a, b) => a - b)).toEqual(upTo(rows));
    };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 80 }),
        answers,
        fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        run,
      ),
      { numRuns: 30 },
    );
  });
});
