import { patient } from '@esteira/tests/patience';
import fc from 'fast-check';
import { describe, expect, inject, it, vi } from 'vitest';
import { nextMove } from '../src/next-move.ts';
import type { CursorView } from '../src/cursor.ts';
import { RedisFault, type RelayOptions } from '../src/index.ts';
import {
  cursorOf,
  freshSystem,
  keyOf,
  memoryBroker,
  memorySource,
  networkTo,
  redisHere,
  relayOf,
  started,
  type MemoryBroker,
} from './support.ts';

const request = { maxAttempts: 5, follow: true };
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, patient);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** Replicas of one API: they share the system, its source and its broker. */
function replicas(rows: number, options: Partial<RelayOptions> = {}) {
  const system = freshSystem();
  const source = memorySource(rows);
  const broker = memoryBroker();
  const another = (own: Partial<RelayOptions> = {}) => {
    const relay = relayOf({ system, source, publish: broker.publish, ...options, ...own });
    relay.watch();
    return relay;
  };
  return { system, source, broker, another, first: another() };
}

const published = (broker: MemoryBroker, rows: number) =>
  eventually(() => {
    expect(broker.confirmed).toEqual(upTo(rows));
  });

/** A holder that is gone without a word: its network to Redis is cut. What it did not say stays unsaid. */
async function ownNetwork() {
  const { hostname, port } = new URL(inject('env')['REDIS_URL'] ?? '');
  const network = await networkTo(hostname, Number(port));
  return { network, redisUrl: `redis://127.0.0.1:${network.port}` };
}

describe('a run that follows', () => {
  it('publishes rows soon after they become safe', async () => {
    const { first, source, broker } = replicas(5, { followPollMs: 10 });
    await first.run(request);
    for (const rows of [6, 7, 20]) {
      source.rows = rows;
      await published(broker, rows);
    }
    expect((await first.status()).cursor).toMatchObject({ status: 'RUNNING', follow: true, maxAttempts: 5 });
  });

  it('is taken up by another process at once when its own one ends in order', async () => {
    const { first, another, source, broker } = replicas(15);
    await first.run(request);
    await published(broker, 15);
    await first.close();
    const second = another();
    source.rows = 30;
    await published(broker, 30);
    await eventually(async () => {
      expect((await second.status()).cursor).toMatchObject({ status: 'RUNNING', follow: true, publishedCount: 30 });
    });
  });

  it('is held by one of several processes, and taken up by another when the lease of a silent one is over', async () => {
    const { network, redisUrl } = await ownNetwork();
    const { another, first, source, broker } = replicas(10);
    const holder = another({ redisUrl, leaseMs: 1_000 });
    const started = await holder.run(request);
    await eventually(() => {
      expect(new Set(broker.confirmed)).toEqual(new Set(upTo(10)));
    });
    network.cut();
    await eventually(async () => {
      const { cursor, activity } = await first.status();
      expect(cursor.runId).not.toBe(started.started ? started.runId : '');
      expect(activity).toBeDefined();
    });
    // The first holder hears, as soon as it can, that the cursor is another's; it publishes nothing more after that.
    network.mend();
    await eventually(async () => {
      expect((await holder.status()).activity).toBeUndefined();
    });
    const before = broker.confirmed.length;
    source.rows = 20;
    await eventually(async () => {
      expect((await first.status()).cursor.lastId).toBe('20');
    });
    expect(broker.confirmed.slice(before)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    expect((await first.status()).cursor).toMatchObject({ publishedCount: 20 });
  });
});

describe('a run that does not follow and whose process ended', () => {
  it('is taken up too, as it was asked for, and finishes', async () => {
    const { first, another, broker } = replicas(500);
    let count = 0;
    const answer = broker.answer;
    broker.answer = async (messages) => {
      if (++count === 10) void first.close();
      return answer(messages);
    };
    await first.run({ maxAttempts: 7 });
    await eventually(() => {
      expect(count).toBeGreaterThanOrEqual(10);
    });
    const second = another();
    await eventually(async () => {
      expect((await second.status()).cursor).toMatchObject({ status: 'FINISHED', lastId: '500', maxAttempts: 7 });
    });
    expect(new Set(broker.confirmed)).toEqual(new Set(upTo(500)));
  });
});

describe('a stop', () => {
  it('ends a run of another process, wherever it is asked for', async () => {
    const { first, another, source, broker } = replicas(10);
    const second = another();
    await first.run(request);
    await published(broker, 10);
    expect(await second.stop()).toEqual({ stopped: true });
    expect((await second.status()).cursor).toMatchObject({ status: 'IDLE', lastId: '10' });
    source.rows = 20;
    expect(await second.stop()).toEqual({ stopped: false });
    expect(broker.confirmed).toEqual(upTo(10));
  });

  it('ends a run that nobody holds any more: it is not taken up', async () => {
    const { system, another, first } = replicas(10);
    const gone = await started(cursorOf(system), 'gone');
    const stopping = first.stop();
    await cursorOf(system).write(gone, 0);
    expect(await stopping).toEqual({ stopped: true });
    expect((await another().status()).cursor.status).toBe('IDLE');
    expect(await cursorOf(system).takeUp('another', 60_000)).toBeUndefined();
  });

  it('that could not be written down while Redis was away rejects, and is written down when it is back', async () => {
    const { network, redisUrl } = await ownNetwork();
    const { system, source, broker, first } = replicas(10, { redisUrl });
    await first.run(request);
    await published(broker, 10);
    network.cut();
    await expect(first.stop()).rejects.toThrow(RedisFault);
    expect((await cursorOf(system).read()).status).toBe('RUNNING');
    network.mend();
    await eventually(async () => {
      expect((await cursorOf(system).read()).status).toBe('IDLE');
    });
    source.rows = 20;
    expect(broker.confirmed).toEqual(upTo(10));
  });
});

describe('a cursor that is gone from Redis', () => {
  it('makes a run that follows start again: everything is published again, and it goes on following', async () => {
    const { system, first, source, broker } = replicas(20);
    const started = await first.run(request);
    await published(broker, 20);
    await redisHere().script(`return redis.call('DEL', KEYS[1])`, keyOf(system));
    await eventually(() => {
      expect(broker.confirmed).toEqual([...upTo(20), ...upTo(20)]);
    });
    source.rows = 30;
    await eventually(async () => {
      expect((await first.status()).cursor).toMatchObject({ status: 'RUNNING', follow: true, publishedCount: 30 });
    });
    const { notice, cursor } = await first.status();
    expect(cursor.runId).not.toBe(started.started ? started.runId : '');
    expect(notice).toMatch(/^Run [0-9a-f]+ lost its cursor: Redis was emptied[.] A new run publishes everything again/);
    await first.stop();
    expect(await first.status()).not.toHaveProperty('notice');
  });

  it('ends a run that does not follow, and the status says so until the next one', async () => {
    const { system, first, broker } = replicas(20);
    const { promise: held, resolve: goOn } = Promise.withResolvers<undefined>();
    const answer = broker.answer;
    broker.answer = async (messages) => {
      await held;
      return answer(messages);
    };
    await first.run({ maxAttempts: 5 });
    await redisHere().script(`return redis.call('DEL', KEYS[1])`, keyOf(system));
    await eventually(async () => {
      expect(await first.status()).toMatchObject({
        cursor: { status: 'IDLE', publishedCount: 0 },
        notice: expect.stringContaining('The next run publishes everything again') as string,
      });
    });
    goOn(undefined);
    await first.run({ maxAttempts: 5 });
    await eventually(async () => {
      expect((await first.status()).cursor).toMatchObject({ status: 'FINISHED', publishedCount: 20 });
    });
    expect(await first.status()).not.toHaveProperty('notice');
  });

  it('or came back as it was before the run makes a run that follows go on from there', async () => {
    const { system, first, source, broker } = replicas(20);
    await first.run({ maxAttempts: 5 });
    await published(broker, 20);
    const old = await redisHere().script(`return redis.call('HGETALL', KEYS[1])`, keyOf(system));
    await eventually(async () => {
      expect((await first.status()).cursor.status).toBe('FINISHED');
    });
    await first.run(request);
    source.rows = 30;
    await published(broker, 30);
    const restore = `redis.call('DEL', KEYS[1]); return redis.call('HSET', KEYS[1], unpack(ARGV))`;
    await redisHere().script(restore, keyOf(system), [...(old as string[]), 'status', 'FINISHED']);
    source.rows = 40;
    await eventually(() => {
      expect(new Set(broker.confirmed)).toEqual(new Set(upTo(40)));
    });
    await eventually(async () => {
      expect((await first.status()).cursor).toMatchObject({ status: 'RUNNING', follow: true, lastId: '40' });
    });
  });
});

describe('what holds publishers back at the broker', () => {
  it('is what the run waits for, as long as it does', async () => {
    let blocked: string | undefined = 'the broker: low on memory';
    const { first } = replicas(1, { blocked: () => blocked });
    await first.run(request);
    await eventually(async () => {
      expect((await first.status()).activity).toMatchObject({ phase: 'waiting', waitingFor: blocked });
    });
    blocked = undefined;
    await eventually(async () => {
      expect((await first.status()).activity?.phase).toBe('following');
    });
  });
});

describe('the next move of a process without a run', () => {
  const views = fc.record<CursorView>({
    status: fc.constantFrom('IDLE', 'RUNNING', 'FINISHED', 'ERROR'),
    interrupted: fc.boolean(),
    publishedCount: fc.constant(0),
    runId: fc.constantFrom('a', 'b'),
    heldSince: fc.integer({ min: 1, max: 9 }),
  });
  const memories = fc.record(
    {
      lost: fc.record({ request: fc.constant(request), heldSince: fc.integer({ min: 1, max: 9 }) }),
      stopped: fc.constantFrom('a', 'b'),
    },
    { requiredKeys: [] },
  );

  it('never touches a run that another process holds, one in ERROR, or one that was stopped later than its own', () => {
    fc.assert(
      fc.property(views, memories, (view, memory) => {
        const move = nextMove(view, memory);
        if (view.status === 'RUNNING' && !view.interrupted && view.runId !== memory.stopped)
          expect(move).toBe('nothing');
        if (view.status === 'ERROR') expect(move).toBe('nothing');
        if (move === 'take-up') expect(view).toMatchObject({ status: 'RUNNING', interrupted: true });
        if (move === 'start-again') expect(view.heldSince).toBeLessThan(memory.lost?.heldSince ?? 0);
      }),
    );
  });
});
