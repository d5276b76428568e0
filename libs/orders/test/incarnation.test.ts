import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { incarnationOf } from '../src/domain/index.ts';
import { endputMigrations } from '../src/endput/index.ts';

let database: Fresh;
let endput: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, endputMigrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
});
afterAll(async () => {
  await endput.close();
  await database.drop();
});

/** What the view shows of orders that were made at these times, and what the migration of dead letters made of them. */
async function told(times: readonly string[], zone = 'UTC') {
  return endput.transaction(async (sql) => {
    await sql.query(
      `INSERT INTO orders SELECT gen_random_uuid(), 'system-1', n, 'p', 1, true, time::timestamptz, 1, 1
         FROM unnest($1::text[]) WITH ORDINALITY AS given (time, n)`,
      [times],
    );
    const asMigrated = await sql.query<{ text: string }>(
      `SELECT to_json(source_created_at) #>> '{}' AS text FROM orders ORDER BY source_id`,
    );
    await sql.query(`SELECT set_config('TimeZone', $1, true)`, [zone]);
    const shown = await sql.query<{ text: string }>(
      'SELECT incarnation AS text FROM orders_at_rest JOIN orders USING (message_id) ORDER BY source_id',
    );
    await sql.query('TRUNCATE orders');
    return [asMigrated.map(({ text }) => text), shown.map(({ text }) => text)];
  });
}

/** A day, from the year 1 to 9999. */
const day = fc
  .record({ year: fc.integer({ min: 1, max: 9999 }), nth: fc.integer({ min: 0, max: 365 }) })
  .map(({ year, nth }) => {
    const date = new Date(0);
    date.setUTCFullYear(year, 0, 1 + nth);
    return date.getUTCFullYear() === year ? date : new Date('2024-02-29T00:00:00Z');
  })
  .map((date) => date.toISOString().slice(0, 10));
const two = (max: number) => fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, '0'));
const fraction = fc.oneof(
  fc.constantFrom('', '.0', '.000', '.000000', '.5', '.120', '.000001', '.999999'),
  fc.integer({ min: 0, max: 999_999 }).map((micros) => `.${String(micros).padStart(6, '0')}`),
);
const zone = fc.oneof(
  fc.constantFrom('Z', '+00:00', '-00:00', '+00', '+0000', '+14:59', '-14:59', '+02:00'),
  fc.tuple(fc.constantFrom('+', '-'), two(14), fc.constantFrom('', ':'), two(59)).map((parts) => parts.join('')),
);
const spelled = fc
  .tuple(day, fc.constantFrom('T', ' '), two(23), two(59), two(59), fraction, zone)
  .map(([date, between, hours, minutes, seconds, parts, offset]) => {
    return `${date}${between}${hours}:${minutes}:${seconds}${parts}${offset}`;
  });

describe('the incarnation of an order', () => {
  it('is one text, whether the message tells the time, the endput shows it, or an earlier release kept it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spelled, { minLength: 1, maxLength: 300 }), async (times) => {
        const made = times.map(incarnationOf);
        expect(await told(times)).toEqual([made, made]);
        expect(made.map((text) => incarnationOf(text ?? ''))).toEqual(
          made.map((text) => (/^\d{4}-.*\d$/.test(text ?? '') ? text : undefined)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('does not depend on the zone of a session', async () => {
    const times = ['2026-07-01T00:00:00.5Z', '0001-01-01T00:00:00+14:59', '9999-12-31T23:59:59-14:59'];
    const [, shown] = await told(times, 'Asia/Tokyo');
    expect(shown).toEqual(times.map(incarnationOf));
    expect(shown).toEqual([
      '2026-07-01T00:00:00.5+00:00',
      '0001-12-31T09:01:00+00:00 BC',
      '10000-01-01T14:58:59+00:00',
    ]);
  });

  it.each([
    '2026-01-01T00:00:19Z',
    '2026-01-01T00:00:19.000Z',
    '2026-01-01 00:00:19+00',
    '2026-01-01T02:00:19+02:00',
    '2025-12-31T22:00:19.000000-0200',
  ])('is the same however a body spells it: %s', (time) => {
    expect(incarnationOf(time)).toBe('2026-01-01T00:00:19+00:00');
  });

  it.each([
    'infinity',
    '-infinity',
    '0044-03-15T00:00:00+00:00 BC',
    '10000-01-01T00:00:00+00:00',
    '0000-01-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00.1234567Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00+15:00',
    '2026-01-01',
    '',
  ])('is none where no message tells of such a time: %s', (time) => {
    expect(incarnationOf(time)).toBeUndefined();
  });
});
