import { settingsEntries } from '@esteira/settings';
import { openPostgres, type Postgres } from '@esteira/postgres';
import {
  freshDatabase,
  openBooks,
  runProgram,
  startPipeline,
  type Books,
  type Fresh,
  type Pipeline,
} from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const COLUMNS = 'id=order_no,product=title,price=amount,created_at=placed_at,security_check=approved';
const OWN = { SYSTEM2_TABLE: 'shop.purchases', SYSTEM2_COLUMNS: COLUMNS };

let database: Fresh;
let shop: Postgres;
let pipeline: Pipeline;
let books: Books;
/** What was opened is closed in the end, also where only some of the tests were asked for. */
const opened = new AsyncDisposableStack();

const esteira = (args: readonly string[], env: Record<string, string>) => runProgram('apps/cli/src/main.ts', args, env);

/** `approved` alternates: every third row is not. */
const buy = (count: number) =>
  shop.query(
    `insert into shop.purchases (title, amount, placed_at, approved)
     select 'Kettle ' || i, i * 0.25, now(), i % 3 <> 0 from generate_series(1, $1::int) as i`,
    [count],
  );

beforeAll(async () => {
  database = await freshDatabase('SYSTEM2_DATABASE_URL');
  opened.defer(() => database.drop());
  shop = openPostgres({ url: database.url, applicationName: 'shop', max: 4 });
  opened.defer(() => shop.close());
  await shop.query(`
    create schema shop;
    create table shop.purchases (order_no int generated always as identity primary key, title text, amount numeric(10,4),
      placed_at timestamp not null, approved boolean)`);
  await buy(300);
});
afterAll(() => opened.disposeAsync());

describe('a table that is not called orders', () => {
  const env = () => ({
    SYSTEMS: 'system-1,shop',
    SYSTEM2_DATABASE_URL: database.url,
    SYSTEM2_API_PORT: '1',
    SYSTEM: 'shop',
    ...OWN,
  });

  it('is refused by its API until it is prepared, and the refusal says how', async () => {
    const { code, output } = await runProgram('apps/orders-api/src/main.ts', [], env());
    expect(code).toBe(78);
    expect(output).toContain('the column transaction_id xid8 is missing');
    expect(output).toContain('prepare-source --system shop --dry-run');
  });

  it('is prepared by a command that first shows all that it would do', async () => {
    const plan = await esteira(['prepare-source', '--system', 'shop', '--dry-run'], env());
    expect(plan).toMatchObject({ code: 0 });
    for (const part of [
      'add column',
      'enable always trigger',
      'create index concurrently',
      'grant select',
      'Locks: ',
    ]) {
      expect(plan.output).toContain(part);
    }
    const columns = `select from information_schema.columns where table_name = 'purchases'`;
    expect(await shop.query(columns)).toHaveLength(5);
    expect(await esteira(['prepare-source', '--system', 'shop'], env())).toMatchObject({ code: 0 });
    expect(await shop.query(columns)).toHaveLength(6);
    const again = await esteira(['prepare-source', '--system', 'shop'], env());
    expect(again.output.match(/done already/g)).toHaveLength(5);
  });

  it('is not asked with a URL of its owner that would be misread, which ends with 78 and tells no password', async () => {
    const owner = database.url.replace(/:[^:@/]*@/, ':se/cret@');
    const refused = await esteira(['prepare-source', '--system', 'shop'], { ...env(), OWNER_DATABASE_URL: owner });
    expect(refused).toMatchObject({ code: 78 });
    expect(refused.output).toContain('OWNER_DATABASE_URL has a ');
    expect(refused.output).not.toMatch(/se\/|cret/);
  });

  it('is published, stored, dead-lettered and reconciled like any other', async () => {
    pipeline = await startPipeline({ env: { SYSTEM2_DATABASE_URL: database.url, ...OWN } });
    opened.defer(() => pipeline.stop());
    books = await openBooks(pipeline.settings);
    opened.defer(() => books.close());
    await buy(60);
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 40, negative_inserts: 10 });
    for (const system of [0, 1]) await pipeline.post(system, '/v0/process/run', { follow: true });
    await buy(30);
    expect(await books.untilAtRest(440)).toMatchObject({ stored: 300, dead: 140 });

    const settings = Object.fromEntries(settingsEntries(pipeline.settings));
    const reconciled = await esteira(['reconcile'], settings);
    expect(reconciled, reconciled.output).toMatchObject({ code: 0 });
    const contents = await shop.query(`select order_no::text as id, title, round(amount, 2)::text as price
      from shop.purchases where approved order by order_no`);
    const stored = await books.endput(
      'select source_id::text as id, product as title, price::text as price from orders where system = $1 order by source_id',
      [pipeline.settings.systems[1]?.name],
    );
    expect(stored).toEqual(contents);
  });

  it('is never written to by its API', async () => {
    const refused = { status: 403, body: { code: 'own-table', status: 403 } };
    const rows = { positive_inserts: 1, negative_inserts: 0 };
    expect(await pipeline.post(1, '/v0/insert-data', rows)).toMatchObject(refused);
    expect(await pipeline.post(1, '/v0/orders/import')).toMatchObject(refused);
    const upload = await fetch(`${pipeline.apis[1]!.url}/v0/orders/import`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'product,price\nTea,1\n',
    });
    expect(upload.status).toBe(403);
  });

  it('changes nothing when it is published again after a clear', async () => {
    const before = await books.counts();
    await pipeline.post(1, '/v0/process/stop');
    expect((await pipeline.post(1, '/v0/process/clear')).status).toBe(200);
    await pipeline.publishAll(1);
    await vi.waitFor(async () => {
      expect(await pipeline.get(1, '/v0/process/status')).toMatchObject({ cursor: { published_count: 390 } });
    }, patient);
    expect(await books.untilAtRest(440)).toEqual(before);
  });
});
