import { openPostgres, migrate, type Postgres } from '@esteira/postgres';
import { sourceMigrations } from '@esteira/orders/source';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodyBrokeOff } from '../src/import/body.ts';
import { importFile, ImportInterrupted } from '../src/import/import-file.ts';
import { ordersIn } from './support.ts';

let database: Fresh;
let postgres: Postgres;
beforeAll(async () => {
  database = await freshDatabase('SYSTEM1_DATABASE_URL');
  await migrate(database.url, sourceMigrations);
  postgres = openPostgres({ url: database.url, applicationName: 'import test', max: 4 });
});
afterAll(async () => {
  await postgres.close();
  await database.drop();
});

const mapping = { product: 'product', price: 'price', createdAt: 'created_at', createdAtRequired: false };
const read = { mapping, quote: '"', rows: {} };

/** A body that breaks off after `length` bytes, in pieces of `size`. */
function body(file: Buffer, size: number, length = file.length) {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (let at = 0; at < length; at += size) yield file.subarray(at, Math.min(at + size, length));
    await Promise.resolve();
    if (length < file.length) throw new BodyBrokeOff();
  }
  return { bytes: bytes(), head: file.subarray(0, 8), type: {}, charset: 'utf-8', close: () => undefined } as const;
}

const row = fc.record({
  product: fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', 'ü', ' '), maxLength: 5 }),
  price: fc.constantFrom('1.00', '0.00', '-3.50', 'n/a'),
});

describe('an import that is interrupted anywhere, any number of times', () => {
  it('loses no row and doubles none', async () => {
    let n = 0;
    const breaks = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
    const sizes = fc.record({ chunkRows: fc.integer({ min: 1, max: 9 }), size: fc.integer({ min: 1, max: 40 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 25 }), breaks, sizes, async (rows, at, { chunkRows, size }) => {
        await postgres.query('truncate orders');
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const lines = ['product,price', ...rows.map(({ product, price }) => `${quoted(product)},${price}`)];
        const file = Buffer.from(lines.join('\n'));
        const request = { ...read, key: `property ${n++}`, chunkRows };
        for (const part of at) {
          const length = Math.floor(part * file.length);
          if (length === file.length) continue;
          await expect(importFile(postgres, body(file, size, length), request)).rejects.toThrow();
        }
        const state = await importFile(postgres, body(file, size), request);
        const good = rows.filter(({ price }) => price !== 'n/a');
        expect(state).toMatchObject({ position: rows.length, refused: rows.length - good.length, finished: true });
        const stored = await ordersIn(postgres);
        expect(stored.map(({ product, price }) => ({ product, price }))).toEqual(good);
        expect(await importFile(postgres, body(file, size), request)).toEqual({ ...state, repeated: true });
        expect(await ordersIn(postgres)).toHaveLength(good.length);
      }),
      { numRuns: 40 },
    );
  });

  it('says how far it came', async () => {
    const file = Buffer.from(`product,price\n${'a,1\n'.repeat(10)}`);
    const request = { ...read, key: 'how far', chunkRows: 4 };
    const error = await importFile(postgres, body(file, 5, file.length - 2), request).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ImportInterrupted);
    expect(error).toMatchObject({ state: { position: 8, positive: 8 }, cause: expect.any(BodyBrokeOff) as Error });
  });
});
