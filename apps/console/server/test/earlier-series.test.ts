import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consoleMigrations } from '../src/migrations.ts';
import type { Point } from '../src/overview/schema.ts';
import { storedSeries } from '../src/overview/series.ts';

/** The last migration of the release that knew one pipeline. */
const LAST = '0001_console.sql';
const at = new Date().toISOString();
const point = { at, systems: {}, ready: 3 };

let database: Fresh;
let endput: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  const own = consoleMigrations.find(({ name }) => name === 'console')!;
  const directory = await mkdtemp(join(tmpdir(), 'esteira-migrations-'));
  await copyFile(join(own.directory, LAST), join(directory, LAST));
  await migrate(database.url, { ...own, directory });
  await rm(directory, { recursive: true });
  await endput.query('INSERT INTO console_series (at, point) VALUES ($1, $2)', [at, JSON.stringify(point)]);
  await migrate(database.url, own);
});
afterAll(async () => {
  await endput.close();
  await database.drop();
});

it('the charts of orders have their past of a release that knew one pipeline, and those of others have theirs', async () => {
  const parcels = storedSeries(endput, 'parcels');
  await parcels.add([{ ...point, pipeline: 'parcels' } as unknown as Point]);
  expect(await storedSeries(endput, 'orders').load()).toEqual([{ ...point, pipeline: 'orders' }]);
  expect(await parcels.load()).toEqual([{ ...point, pipeline: 'parcels' }]);
});
