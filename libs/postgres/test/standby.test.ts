import { startOwnPostgres, type OwnPostgres } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isAway, migrate, openPostgres, StandbyServer, type Postgres } from '../src/index.ts';

const nothing = { name: 'standby', directory: import.meta.dirname };

let primary: OwnPostgres;
let standby: OwnPostgres;
let following: Postgres;

beforeAll(async () => {
  primary = await startOwnPostgres();
  standby = await primary.startStandby();
  following = openPostgres({ url: standby.url(), applicationName: 'standby test', max: 2 });
});
afterAll(async () => {
  await following.close();
  await primary.stop();
});

/** The error that something rejects with. */
const errorOf = async (work: Promise<unknown>): Promise<Error> => {
  try {
    return new Error(`no error but ${String(await work)}`);
  } catch (error) {
    return error as Error;
  }
};

describe('a hot standby', () => {
  it('is named by a migration, and may pass', async () => {
    const error = await errorOf(migrate(standby.url(), nothing));
    expect(error).toBeInstanceOf(StandbyServer);
    expect(error.message).toMatch(/^Postgres at 127.0.0.1:\d+\/postgres is a hot standby/);
    expect(isAway(error)).toBe(true);
  });

  it.each([
    ['a write', () => following.query('create table written ()')],
    // As through a pooler that led to the primary before.
    [
      'a transaction that is to write',
      () => following.transaction(() => Promise.resolve(), 'set transaction read write'),
    ],
  ])('can be read, and refuses %s as a server that is away does', async (_, write) => {
    expect(await following.query('select 1 as answer')).toEqual([{ answer: 1 }]);
    const error = await errorOf(write());
    expect(error.message).toMatch(/read-only transaction|during recovery/);
    expect(isAway(error)).toBe(true);
  });

  it('that is promoted is written by the pools that are open already', async () => {
    await following.query('select pg_promote()');
    await vi.waitFor(() => following.query('create table if not exists written ()'), patient);
    expect(await following.query('select * from written')).toEqual([]);
  });
});
