import { mongodbAttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/settings';
import { connectBroker, laneDepth, names, type Broker } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { attemptsRequired, messageIds, ordersPipeline } from '@esteira/orders/domain';
import { openPostgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { vi } from 'vitest';

const logger = createLogger({ name: 'test', level: 'silent' });

/** What the stores say of a pipeline, counted from their rows. */
export interface Counts {
  readonly stored: number;
  readonly dead: number;
  /** Attempts by the endput and the dead letters. */
  readonly attempts: number;
  /** Documents in the attempt log. */
  readonly logged: number;
}

/** Reads the stores of a pipeline beside its apps. */
export interface Books {
  counts(): Promise<Counts>;
  /** Messages ready in the lane or waiting for a retry, by the broker's exact counts. */
  underWay(): Promise<number>;
  /** Attempts that the rows of all sources ask for, given their max attempts: Σ over P, and max × N. */
  attemptsAsked(maxAttempts: number): Promise<number>;
  /** Waits until so many are at rest, nothing is under way, and every attempt is logged. */
  untilAtRest(total: number): Promise<Counts>;
  endput<T extends object>(sql: string, values?: unknown[]): Promise<T[]>;
  source<T extends object>(system: number, sql: string, values?: unknown[]): Promise<T[]>;
  readonly broker: Broker;
  close(): Promise<void>;
}

/** Opens the books of a pipeline. */
export async function openBooks(settings: Settings): Promise<Books> {
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName: 'books', max: 2 });
  const sources = settings.systems.map(({ databaseUrl }) =>
    openPostgres({ url: databaseUrl, applicationName: 'books', max: 2 }),
  );
  const log = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName: 'books',
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'books', logger });
  const counts = async (): Promise<Counts> => {
    const [row] = await endput.query<Record<'stored' | 'dead' | 'attempts', string>>(
      `SELECT (SELECT count(*) FROM orders) AS stored,
              (SELECT count(*) FROM dead_letters WHERE state = 'dead') AS dead,
              (SELECT coalesce(sum(attempts), 0) FROM orders)
            + (SELECT coalesce(sum(jsonb_array_length(attempts)), 0) FROM dead_letters) AS attempts`,
    );
    const logged = [...(await log.countByOrigin(ordersPipeline.name)).values()].reduce((sum, n) => sum + n, 0);
    return { stored: Number(row?.stored), dead: Number(row?.dead), attempts: Number(row?.attempts), logged };
  };
  const underWay = async (): Promise<number> => {
    await broker.untilConnected();
    const channel = await broker.channel();
    const waiting = await channel.checkQueue(names.waitQueue(ordersPipeline, settings.RETRY_DELAY_MS));
    await channel.close();
    return waiting.messageCount + (await laneDepth(broker, ordersPipeline));
  };
  return {
    counts,
    underWay,
    broker,
    endput: (sql, values) => endput.query(sql, values),
    source: (system, sql, values) => sources[system]?.query(sql, values) ?? Promise.resolve([]),
    attemptsAsked: async (maxAttempts) => {
      let asked = 0;
      for (const [index, { name }] of settings.systems.entries()) {
        const idOf = messageIds(name);
        const rows = await sources[index]?.query<{ id: string; security_check: boolean }>(
          'SELECT id, security_check FROM orders',
        );
        for (const row of rows ?? []) {
          asked += Math.min(attemptsRequired(idOf(row.id), row.security_check, maxAttempts), maxAttempts);
        }
      }
      return asked;
    },
    untilAtRest: (total) =>
      vi.waitFor(
        async () => {
          const now = await counts();
          const open = await underWay();
          // The log comes after the effect: for a moment an order is at rest and its last attempt not yet logged.
          if (now.stored + now.dead !== total || open > 0 || now.logged !== now.attempts) {
            const { stored, dead, logged, attempts } = now;
            throw new Error(
              `${stored} stored + ${dead} dead of ${total}, ${open} under way, ${logged} of ${attempts} logged`,
            );
          }
          return now;
        },
        { ...patient, interval: 100 },
      ),
    close: async () => {
      await Promise.all([endput.close(), log.close(), broker.close(), ...sources.map((source) => source.close())]);
    },
  };
}
