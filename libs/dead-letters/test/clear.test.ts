import { randomUUID } from 'node:crypto';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { beginLoneTrial, clearDeadLetters, deadLetterMigrations, suspects } from '../src/index.ts';

let database: Fresh;
let sql: Postgres;
beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, deadLetterMigrations);
  sql = openPostgres({ url: database.url, applicationName: 'test' });
});
afterAll(async () => {
  await sql.close();
  await database.drop();
});

it('clears what is remembered of crashes too, of one pipeline alone', async () => {
  const [cleared, kept] = [randomUUID(), randomUUID()];
  for (const pipeline of [cleared, kept]) await beginLoneTrial(sql, pipeline, pipeline);
  await clearDeadLetters(sql, cleared);
  expect(await suspects(sql, [cleared, kept])).toEqual(new Map([[kept, 1]]));
});
