import { timesAsStored } from '@esteira/orders/source';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { serverSetting } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf, type RowFormat } from '../src/import/row.ts';

let postgres: Postgres;
beforeAll(() => {
  postgres = openPostgres({ url: serverSetting('SYSTEM1_DATABASE_URL'), applicationName: 'time test', max: 1 });
});
afterAll(() => postgres.close());

const read = (createdAt: unknown, format: RowFormat = {}) => {
  const result = orderOf({ product: 'p', price: '1', createdAt }, format);
  return 'order' in result ? result.order.createdAt : result;
};
/** What Postgres stores. */
const stored = async (text: string, format: RowFormat = {}) => {
  const time = read(text, format);
  if (typeof time !== 'string') return time;
  return (await timesAsStored(postgres, [time]))[0];
};

describe('a time', () => {
  it.each([
    ['2024-01-31T10:00:00Z', '2024-01-31T10:00:00.000000Z'],
    ['2024-01-31t10:00:00z', '2024-01-31T10:00:00.000000Z'],
    ['2024-01-31 10:00:00 +0200', '2024-01-31T08:00:00.000000Z'],
    ['2024-01-31 10:00:00 -05:00', '2024-01-31T15:00:00.000000Z'],
    ['2024-01-31T10:00:00.123456+02', '2024-01-31T08:00:00.123456Z'],
    ['2024-01-31T10:00:00,5\u221202:00', '2024-01-31T12:00:00.500000Z'],
    ['2024-01-31T10:00:00.123456000Z', '2024-01-31T10:00:00.123456Z'],
    ['2024-01-31T10:00:00-00:00', '2024-01-31T10:00:00.000000Z'],
    ['2024-01-31 10:00:00 UTC', '2024-01-31T10:00:00.000000Z'],
    ['2024-01-31', '2024-01-31T00:00:00.000000Z'],
    ['2024-01-31T10', '2024-01-31T10:00:00.000000Z'],
    ['20240131T100000Z', '2024-01-31T10:00:00.000000Z'],
    ['20240131T1000+0200', '2024-01-31T08:00:00.000000Z'],
    ['2024-031', '2024-01-31T00:00:00.000000Z'],
    ['2024-366T12:00Z', '2024-12-31T12:00:00.000000Z'],
    ['2024-W05-3', '2024-01-31T00:00:00.000000Z'],
    ['2020W537T00Z', '2021-01-03T00:00:00.000000Z'],
    ['2024-12-31T24:00:00Z', '2025-01-01T00:00:00.000000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000000Z'],
    ['2024/1/31 9:05', '2024-01-31T09:05:00.000000Z'],
    ['2024-01-31 10:00:00 PM', '2024-01-31T22:00:00.000000Z'],
    ['Jan 31, 2024 12:30 a.m.', '2024-01-31T00:30:00.000000Z'],
    ['January 31, 2024, 12:30 pm', '2024-01-31T12:30:00.000000Z'],
    ['31 Jan 2024', '2024-01-31T00:00:00.000000Z'],
    ['31-Jan-2024 10:00', '2024-01-31T10:00:00.000000Z'],
    ['Wed, 31 Jan 2024 10:00:00 +0200', '2024-01-31T08:00:00.000000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000000Z'],
  ])('written as %s is %s', async (text, time) => {
    expect(await stored(text)).toBe(time);
    // Said for other dates, a format changes nothing.
    expect(await stored(text, { dateFormat: 'dmy' })).toBe(time);
  });

  it.each([
    ['31.01.2024', 'dmy', '2024-01-31T00:00:00.000000Z'],
    ['31.1.24 9:05', 'dmy', '2024-01-31T09:05:00.000000Z'],
    ['01/02/2024 10:00 PM', 'dmy', '2024-02-01T22:00:00.000000Z'],
    ['01/02/2024 10:00:00.123456 +0200', 'mdy', '2024-01-02T08:00:00.123456Z'],
    ['5/31/2016 0:37', 'mdy', '2016-05-31T00:37:00.000000Z'],
    ['Jul-21-25', 'mdy', '2025-07-21T00:00:00.000000Z'],
    ['21-Jul-99', 'dmy', '1999-07-21T00:00:00.000000Z'],
    ['24-01-31', 'ymd', '2024-01-31T00:00:00.000000Z'],
  ] as const)('written as %s with ?date_format=%s is %s', async (text, dateFormat, time) => {
    expect(await stored(text, { dateFormat })).toBe(time);
  });

  it.each(['01/02/2024', '31.01.2024', '31.01.2024 10:00', '1-2-24', 'Jul-21-25', '24-Jan-25'])(
    'that may be read in two ways (%s) is refused, and the reason says how to say which',
    (text) => {
      expect(read(text)).toHaveProperty('reason', expect.stringContaining('?date_format='));
    },
  );

  it.each([
    ...[
      '2024-02-30',
      '1999-13-01',
      '0000-01-01',
      'yesterday',
      'now',
      'infinity',
      5,
      true,
      '2024',
      '2024-01',
      '1706695200',
    ],
    ...['2024-01-01T24:01', '2024-01-01T25:00', '2024-01-01T10:60', '2024-01-31 13:00 PM', '2024-01-31 0:00 AM'],
    ...['2024-01-31T10:00:00+16:00', '2024-01-31T10:00:00+2', '2023-366', '2023-W53-1', '2024-W00-1', '2024-01-31Z'],
    ...['31 Foo 2024', '2024-01-31 10:00:00 PST', '2024-01-31T10:00:00+01:00[Europe/Berlin]', '10:00 2024-01-31'],
  ])('written as %j is refused', (text) => {
    expect(read(text)).toHaveProperty('reason', expect.stringContaining('ISO 8601'));
  });

  it.each([
    ['2024-01-31T10:00:00.1234567Z', {}, 'finer than a microsecond'],
    ['2024-01-31 10:00:00 PST', {}, '?time_zone='],
    ['31.01.2024', { dateFormat: 'mdy' }, '?date_format=mdy'],
    ['31.13.2024', { dateFormat: 'dmy' }, '?date_format=dmy'],
  ] as const)('written as %s is refused with what is wrong', (text, format, reason) => {
    expect(read(text, format)).toHaveProperty('reason', expect.stringContaining(reason));
  });

  it.each([undefined, null, ''])('that is not there (%j) is that of the import', (text) => {
    expect(read(text)).toBeNull();
  });

  it('without an offset is of the time zone that is said, through summer and winter', async () => {
    const format = { timeZone: 'Europe/Berlin', dateFormat: 'dmy' } as const;
    expect(await stored('31.01.2024 10:00', format)).toBe('2024-01-31T09:00:00.000000Z');
    expect(await stored('2024-07-31 10:00:00.123456', format)).toBe('2024-07-31T08:00:00.123456Z');
    expect(await stored('2024-07-31T10:00:00Z', format)).toBe('2024-07-31T10:00:00.000000Z');
  });

  it('is stored to the microsecond, however it is written', async () => {
    const pad = (n: number, digits = 2) => String(n).padStart(digits, '0');
    const fields = fc.record({
      day: fc.date({ min: new Date('1970-01-01'), max: new Date('2069-12-31'), noInvalidDate: true }),
      micros: fc.integer({ min: 0, max: 999_999 }),
    });
    const ways: readonly ((date: string[], clock: string) => [string, RowFormat])[] = [
      ([y, m, d], clock) => [`${y}-${m}-${d}T${clock}Z`, {}],
      ([y, m, d], clock) => [`${y}-${m}-${d} ${clock}`, {}],
      ([y, m, d], clock) => [`${y}${m}${d}T${clock.replaceAll(':', '')}+0000`, {}],
      ([y, m, d], clock) => [`${d}.${m}.${y} ${clock}`, { dateFormat: 'dmy' }],
      ([y, m, d], clock) => [`${Number(m)}/${Number(d)}/${y?.slice(2)} ${clock} UTC`, { dateFormat: 'mdy' }],
    ];
    const cases = fc.sample(fc.tuple(fields, fc.constantFrom(...ways)), 500).map(([{ day, micros }, way]) => {
      const [date = '', time = ''] = day.toISOString().split('T');
      const clock = `${time.slice(0, 8)}.${pad(micros, 6)}`;
      return { expected: `${date}T${clock}Z`, text: way(date.split('-'), clock) };
    });
    const times = await timesAsStored(
      postgres,
      cases.map(({ text: [text, format] }) => read(text, format) as string),
    );
    expect(times).toEqual(cases.map(({ expected }) => expected));
  });

  it('that is accepted is one that Postgres takes', async () => {
    const piece = fc.constantFrom(
      ...'0123456789'.split(''),
      '-',
      ':',
      '.',
      '/',
      ' ',
      'T',
      'Z',
      '+',
      'W',
      'Jan',
      'PM',
      '2024-01-31',
    );
    const format = fc.constantFrom<RowFormat>(
      {},
      { dateFormat: 'dmy' },
      { dateFormat: 'mdy', timeZone: 'Asia/Kolkata' },
    );
    const texts = fc.array(piece, { maxLength: 9 }).map((pieces) => `2024-0${pieces.join('')}`);
    const near = fc.tuple(
      fc.oneof(
        texts,
        fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
      ),
      format,
    );
    const accepted = fc.sample(near, 50_000).flatMap(([text, as]) => {
      const time = read(text, as);
      return typeof time === 'string' ? [time] : [];
    });
    expect(accepted.length).toBeGreaterThan(100);
    expect(await timesAsStored(postgres, accepted)).toHaveLength(accepted.length);
  });
});
