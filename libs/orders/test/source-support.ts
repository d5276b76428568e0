import { randomBytes } from 'node:crypto';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import type { PageSource, Position } from '@esteira/relay';
import { inject, onTestFinished } from 'vitest';
import { ordersSource, sourceMigrations } from '../src/source/index.ts';

/** A source of the test file's own. */
export interface OwnSource {
  readonly url: string;
  readonly postgres: Postgres;
  /** The server's own database: another one of the same cluster. */
  readonly elsewhere: Postgres;
  readonly source: PageSource;
  drop(): Promise<void>;
}

/**
 * A fresh database with the tables of a source, on the server of a setting. Transactions that stay open hold the
 * watermark of a whole cluster: tests that keep some use ENDPUT_DATABASE_URL, where nobody else reads pages.
 */
export async function ownSource(setting: string): Promise<OwnSource> {
  const elsewhere = openPostgres({ url: inject('env')[setting] ?? '', applicationName: 'source test', max: 2 });
  const database = `t_${randomBytes(6).toString('hex')}`;
  await elsewhere.query(`create database ${database}`);
  const url = new URL(inject('env')[setting] ?? '');
  url.pathname = database;
  await migrate(url.href, sourceMigrations);
  const postgres = openPostgres({ url: url.href, applicationName: 'source test', max: 12 });
  return {
    url: url.href,
    postgres,
    elsewhere,
    source: ordersSource(postgres, { system: 'system-1' }),
    async drop() {
      // A test that failed may have left some; they would hold the watermark of the whole cluster.
      const left = await postgres.query<{ gid: string }>(
        'select gid from pg_prepared_xacts where database = current_database()',
      );
      for (const { gid } of left) await postgres.query(`rollback prepared '${gid}'`);
      await postgres.close();
      await elsewhere.query(`drop database ${database} with (force)`);
      await elsewhere.close();
    },
  };
}

/** The row ids of one page, and its last position. */
async function pageOf(source: PageSource, after: Position | undefined, limit: number) {
  const { messages, last } = await source.next(after, limit, { maxAttempts: 5 });
  const ids = messages.map(({ body }) => Number((JSON.parse(String(body)) as { order: { id: string } }).order.id));
  return { ids, last };
}

/** Everything after a position that is safe to read now, page by page. */
export async function readAll(source: PageSource, after: Position | undefined, limit: number) {
  const ids: number[] = [];
  for (let last = after; ;) {
    const page = await pageOf(source, last, limit);
    if (page.last === undefined) return { ids, last };
    ids.push(...page.ids);
    last = page.last;
  }
}

/** A transaction that is held open by the test; rolled back when the test forgets it. */
export interface OpenTransaction {
  query: Postgres['query'];
  /** Ends it, by its own statement (`PREPARE TRANSACTION …`) or by commit. */
  end(statement?: 'rollback' | `prepare transaction '${string}'`): Promise<void>;
}

export async function open(postgres: Postgres): Promise<OpenTransaction> {
  const opened = Promise.withResolvers<Postgres['query']>();
  const ending = Promise.withResolvers<string | undefined>();
  const over = postgres.transaction(async (sql) => {
    opened.resolve((text, values) => sql.query(text, values));
    const statement = await ending.promise;
    // A COMMIT after ROLLBACK or PREPARE TRANSACTION finds no transaction, which is a warning only.
    if (statement !== undefined) await sql.query(statement);
  });
  over.catch(opened.reject);
  onTestFinished(() => {
    ending.resolve('rollback');
  });
  return {
    query: await opened.promise,
    end: (statement) => {
      ending.resolve(statement);
      return over;
    },
  };
}

export const insertOne = `insert into orders (product, price, security_check) values ('p', 1, true) returning id::int, transaction_id::text`;
