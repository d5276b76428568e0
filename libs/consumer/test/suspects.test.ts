import { deadLetterMigrations } from '@esteira/dead-letters';
import type { Delivery } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { contentId } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres, type Sql } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ExclusiveLock } from '../src/exclusive-lock.ts';
import { handlingOf, isolating } from '../src/isolation.ts';
import { RunningSuspects } from '../src/running-suspects.ts';
import { BESIDE_BUDGET, CRASH_BUDGET } from '../src/suspicion.ts';

let database: Fresh;
let endput: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, deadLetterMigrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
});
afterAll(async () => {
  await endput.close();
  await database.drop();
});

const suspect = (name: string): Delivery => ({
  tag: 1,
  redelivered: true,
  lane: 'express',
  type: 't',
  messageId: name,
  headers: {},
  body: Buffer.from(name),
});
const keyOf = (name: string) => contentId(Buffer.from(name), name);

/** How many crashes would be counted against each if the process ended now: alone, and beside others. */
async function countsOf(...suspects: string[]): Promise<(string | undefined)[]> {
  const rows = await endput.query<{ key: string; crashes: number; crashes_beside: number }>('SELECT * FROM trials');
  const crashes = new Map(rows.map((row) => [row.key, `${row.crashes} ${row.crashes_beside}`]));
  return suspects.map((name) => crashes.get(keyOf(name)));
}

it('a suspect that runs for hours waits for no other and holds none up; a crash counts against one that is alone', async () => {
  await endput.query('INSERT INTO trials (key, pipeline) SELECT unnest($1::uuid[]), $2', [
    ['first', 'second'].map(keyOf),
    'parcels',
  ]);
  const gates = new Map<string, () => void>();
  const forHours = ([delivery]: readonly Delivery[]) =>
    new Promise<{ kind: 'ack' }[]>((resolve) => {
      gates.set(delivery?.messageId ?? '', () => {
        resolve([{ kind: 'ack' }]);
      });
    });
  const { promise: looked, resolve: look } = Promise.withResolvers<undefined>();
  const lock = new (class extends ExclusiveLock {
    override exclusive<T>(work: () => Promise<T>, beforeOthers?: () => Promise<void>): Promise<T> {
      return super.exclusive(work, () => looked.then(() => beforeOthers?.()));
    }
  })(50);
  const handle = isolating({
    handlers: { usual: forHours, giveUp: forHours, giveUpUnread: forHours },
    endput,
    pipeline: 'parcels',
    originOf: () => undefined,
    lock,
    suspects: new RunningSuspects(),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  const first = handle([suspect('first')], () => undefined);
  await vi.waitFor(() => {
    expect([...gates.keys()]).toEqual(['first']);
  }, patient);
  expect(await countsOf('first', 'second')).toEqual(['1 0', '0 0']);
  look(undefined);
  await lock.shared(() => Promise.resolve());
  // The only suspect that runs, though others may be beside it by now: that counts for less.
  expect(await countsOf('first', 'second')).toEqual(['0 1', '0 0']);
  const second = handle([suspect('second')], () => undefined);
  await vi.waitFor(() => {
    expect([...gates.keys()]).toEqual(['first', 'second']);
  }, patient);
  expect((await countsOf('first'))[0]).toBe('0 0');
  await vi.waitFor(async () => {
    // Two of them, and nobody knows which one it would be.
    expect(await countsOf('first', 'second')).toEqual(['0 0', '0 0']);
  }, patient);
  for (const open of gates.values()) open();
  expect(await Promise.all([first, second])).toEqual([[{ kind: 'ack' }], [{ kind: 'ack' }]]);
  expect(await countsOf('first', 'second')).toEqual([undefined, undefined]);
});

it('a suspect of which it is written late that it is alone is spared too, once it is not', async () => {
  const [early, late] = ['early', 'late'] as const;
  await endput.query('INSERT INTO trials (key, pipeline) SELECT unnest($1::uuid[]), $2', [
    [early, late].map(keyOf),
    'parcels',
  ]);
  const comeIn = Promise.withResolvers<undefined>();
  const written = Promise.withResolvers<undefined>();
  /** Writes that the second suspect is alone only when others come in beside it. */
  const slow: Sql = {
    query: async (sql, values) => {
      if (!sql.startsWith('INSERT INTO trials')) return endput.query(sql, values);
      await comeIn.promise;
      const rows = await endput.query<never>(sql, values);
      written.resolve(undefined);
      return rows;
    },
  };
  let others = 0;
  const lock = new (class extends ExclusiveLock {
    override exclusive<T>(work: () => Promise<T>, beforeOthers?: () => Promise<void>): Promise<T> {
      return super.exclusive(work, async () => {
        const beside = beforeOthers?.();
        others += 1;
        if (others === 2) comeIn.resolve(undefined);
        await beside;
      });
    }
  })(50);
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  const suspects = new RunningSuspects();
  const forHours = () => gate.then(() => [{ kind: 'ack' } as const]);
  const isolated = (sql: Sql) =>
    isolating({
      handlers: { usual: forHours, giveUp: forHours, giveUpUnread: forHours },
      endput: sql,
      pipeline: 'parcels',
      originOf: () => undefined,
      lock,
      suspects,
      logger: createLogger({ name: 'test', level: 'silent' }),
    });
  const first = isolated(endput)([suspect(early)], () => undefined);
  await vi.waitFor(async () => {
    expect((await countsOf(early))[0]).not.toBe('0 0');
  }, patient);
  const second = isolated(slow)([suspect(late)], () => undefined);
  await written.promise;
  await lock.shared(() => Promise.resolve());
  expect(await countsOf(early, late)).toEqual(['0 0', '0 0']);
  open(undefined);
  await Promise.all([first, second]);
});

it('no crash counts from when the process is asked to stop, neither against who is alone nor against who came in after', async () => {
  const [alone, after] = ['alone', 'after'] as const;
  await endput.query('INSERT INTO trials (key, pipeline, crashes) SELECT unnest($1::uuid[]), $2, 3', [
    [alone, after].map(keyOf),
    'parcels',
  ]);
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  const begun: string[] = [];
  const forHours = async ([delivery]: readonly Delivery[]) => {
    begun.push(delivery?.messageId ?? '');
    await gate;
    return [{ kind: 'ack' } as const];
  };
  const suspects = new RunningSuspects();
  const handle = isolating({
    handlers: { usual: forHours, giveUp: forHours, giveUpUnread: forHours },
    endput,
    pipeline: 'parcels',
    originOf: () => undefined,
    lock: new ExclusiveLock(50),
    suspects,
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  const first = handle([suspect(alone)], () => undefined);
  await vi.waitFor(() => {
    expect(begun).toEqual([alone]);
  }, patient);
  await suspects.spareAll(endput);
  expect((await countsOf(alone))[0]).toMatch(/^[03] 0$/);
  const second = handle([suspect(after)], () => undefined);
  await vi.waitFor(() => {
    expect(begun).toEqual([alone, after]);
  }, patient);
  expect((await countsOf(after))[0]).toMatch(/^[03] 0$/);
  open(undefined);
  await Promise.all([first, second]);
});

it('of suspects that come together the one with the most crashes is alone first, whichever came first', async () => {
  const crashes = new Map([
    ['calm', 0],
    ['suspect', 1],
    ['most suspect', 3],
  ]);
  await endput.query('INSERT INTO trials (key, pipeline, crashes) SELECT unnest($1::uuid[]), $2, unnest($3::int[])', [
    [...crashes.keys()].map(keyOf),
    'parcels',
    [...crashes.values()],
  ]);
  const begun: string[] = [];
  const handled = ([delivery]: readonly Delivery[]) => {
    begun.push(delivery?.messageId ?? '');
    return Promise.resolve([{ kind: 'ack' } as const]);
  };
  const handle = isolating({
    handlers: { usual: handled, giveUp: handled, giveUpUnread: handled },
    endput,
    pipeline: 'parcels',
    originOf: () => undefined,
    lock: new ExclusiveLock(60_000),
    suspects: new RunningSuspects(),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  await Promise.all([...crashes.keys()].map((name) => handle([suspect(name)], () => undefined)));
  expect(begun).toEqual(['most suspect', 'suspect', 'calm']);
});

it('a message is given up after five crashes while it was alone, or 25 beside others', () => {
  expect(handlingOf({ alone: CRASH_BUDGET - 1, beside: BESIDE_BUDGET - 1 })).toBe('usual');
  expect(handlingOf({ alone: CRASH_BUDGET, beside: 0 })).toBe('giveUp');
  expect(handlingOf({ alone: 0, beside: BESIDE_BUDGET })).toBe('giveUp');
  expect(handlingOf({ alone: CRASH_BUDGET + 1, beside: BESIDE_BUDGET })).toBe('giveUpUnread');
});
