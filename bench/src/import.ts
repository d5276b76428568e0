import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { REPOSITORY } from '@esteira/infra';
import { openPostgres } from '@esteira/postgres';
import { execa } from 'execa';
import type { Arena } from './arena.ts';
import { openFlow, type Flow } from './flow.ts';
import type { Measurement } from './measured.ts';

/**
 * A CSV file of orders into the source: `POST /v0/orders/import`, and psql's `\copy` of the same file into the same
 * table of another database, one after the other. The API checks every row, remembers where it is (so that an import
 * goes on where it stopped), and commits every 10,000 rows at most; `\copy` does none of it.
 */
export async function measureImport(arena: Arena, orders: number): Promise<Measurement[]> {
  const file = join(REPOSITORY, '.local', `${arena.servers.name}.csv`);
  try {
    await pipeline(Readable.from(csv(orders)), createWriteStream(file));
    const flow = await openFlow(arena);
    try {
      const copied = await copy(flow, file, orders);
      await empty(flow);
      const imported = await importFile(flow, file, orders);
      return [
        { bench: 'import', variant: 'psql copy', figures: { 'orders/s': orders / copied, seconds: copied, orders } },
        { bench: 'import', variant: 'esteira', figures: { 'orders/s': orders / imported, seconds: imported, orders } },
      ];
    } finally {
      await flow.close();
    }
  } finally {
    rmSync(file, { force: true });
  }
}

function* csv(orders: number): Generator<string> {
  yield 'product,price\n';
  const lines = 1_000;
  for (let at = 0; at < orders; at += lines) {
    let text = '';
    for (let index = at; index < Math.min(at + lines, orders); index += 1) {
      const product = index % 10 === 0 ? '"Storage tin, large"' : 'Watering can';
      text += `${product},${(index % 200) + 1}.${String(index % 100).padStart(2, '0')}\n`;
    }
    yield text;
  }
}

async function copy({ settings }: Flow, file: string, orders: number): Promise<number> {
  const url = settings.systems[0]?.databaseUrl ?? '';
  // As the API does, rows with a price above zero pass the security check; \copy needs the column's default for it.
  await onSource(url, 'ALTER TABLE orders ALTER security_check SET DEFAULT true');
  const started = performance.now();
  const command = `\\copy orders (product, price) FROM '${file}' WITH (FORMAT csv, HEADER)`;
  await execa('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command, url]);
  const seconds = (performance.now() - started) / 1_000;
  await expectRows(url, orders);
  return seconds;
}

async function importFile({ settings, api }: Flow, file: string, orders: number): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${api.url}/v0/orders/import`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: Readable.toWeb(createReadStream(file)) as ReadableStream,
    duplex: 'half',
  });
  if (response.status !== 201) throw new Error(`The import answered ${response.status}: ${await response.text()}`);
  const seconds = (performance.now() - started) / 1_000;
  await expectRows(settings.systems[0]?.databaseUrl ?? '', orders);
  return seconds;
}

async function empty({ settings }: Flow): Promise<void> {
  const url = settings.systems[0]?.databaseUrl ?? '';
  await onSource(url, 'TRUNCATE orders RESTART IDENTITY');
  await onSource(url, 'CHECKPOINT');
}

async function expectRows(url: string, orders: number): Promise<void> {
  const [row] = await onSource<{ count: string }>(url, 'SELECT count(*) AS count FROM orders');
  if (Number(row?.count) !== orders) throw new Error(`It does not count: ${row?.count ?? 0} rows of ${orders} came.`);
}

async function onSource<T extends object>(url: string, sql: string): Promise<T[]> {
  const source = openPostgres({ url, applicationName: 'bench', max: 1, queryTimeoutMs: 0 });
  try {
    return await source.query<T>(sql);
  } finally {
    await source.close();
  }
}
