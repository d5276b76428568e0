import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patient } from '@esteira/tests/patience';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { migrate, openPostgres, PostgresSilent, type Postgres } from '../src/index.ts';
import { networkTo } from './network.ts';

/** The server answers, however often it takes: within the time that a statement has here it need not do so on a busy machine. */
const answers = (sql: Postgres) =>
  vi.waitFor(async () => {
    expect(await sql.query('select 3 as answer')).toEqual([{ answer: 3 }]);
  }, patient);

/** The lock that node-pg-migrate takes. */
const MIGRATION_LOCK = '7241865325823964';

let network: Awaited<ReturnType<typeof networkTo>>;
let postgres: Postgres;
beforeEach(async () => {
  network = await networkTo(inject('env')['ENDPUT_DATABASE_URL'] ?? '');
  postgres = openPostgres({ url: network.url, applicationName: 'silence test', max: 1, queryTimeoutMs: 300 });
});
afterEach(() => postgres.close());

describe('a network that is cut without a word', () => {
  it('is noticed by a statement, whose connection is given up for a new one', async () => {
    await answers(postgres);
    network.fallSilent();
    const asked = postgres.query('select 2');
    await expect(asked).rejects.toThrow(PostgresSilent);
    await expect(asked).rejects.toThrow(/did not answer a statement within 300 ms/);
    network.mend();
    await answers(postgres);
  });

  it('ends a transaction after one wait, not after a second one for its rollback', async () => {
    await answers(postgres);
    // A busy machine may not even begin one in its time.
    while (!network.lost().includes('select 2')) {
      const work = postgres.transaction(async (sql) => {
        network.fallSilent();
        await sql.query('select 2');
      });
      await expect(work).rejects.toMatchObject({ name: 'PostgresSilent', code: 'ETIMEDOUT' });
    }
    expect(network.lost()).not.toMatch(/rollback/i);
    network.mend();
    await answers(postgres);
  });

  it('ends a transaction whose own work fails, with its error, when nobody answers its rollback', async () => {
    // The server alone would not end it either.
    const options = { url: network.url, applicationName: 'silence test', max: 1, idleInTransactionMs: 0 };
    const rollingBack = openPostgres({ ...options, queryTimeoutMs: 300 });
    await answers(rollingBack);
    while (!network.lost().includes('ROLLBACK')) {
      const work = rollingBack.transaction(() => {
        network.fallSilent();
        return Promise.reject(new Error('the batch can not be handled'));
      });
      await expect(work).rejects.toThrow(/can not be handled|did not answer/);
    }
    network.mend();
    await answers(rollingBack);
    await rollingBack.close();
  });

  it('leaves a statement that takes its time alone where no limit is set', async () => {
    const unlimited = openPostgres({ url: network.url, applicationName: 'silence test', max: 1, queryTimeoutMs: 0 });
    expect(await unlimited.query('select 1 as answer from pg_sleep(0.4)')).toEqual([{ answer: 1 }]);
    await unlimited.close();
  });
});

describe('a client that vanishes in a transaction', () => {
  it('frees what it holds when its time is over, and those who wait go on', async () => {
    const vanishing = openPostgres({
      url: network.url,
      applicationName: 'vanishing',
      max: 1,
      idleInTransactionMs: 500,
    });
    const direct = openPostgres({
      url: inject('env')['ENDPUT_DATABASE_URL'] ?? '',
      applicationName: 'waiting',
      max: 1,
    });
    const held = Promise.withResolvers<undefined>();
    const gone = Promise.withResolvers<undefined>();
    const work = vanishing.transaction(async () => {
      network.fallSilent();
      held.resolve(undefined);
      await gone.promise;
      throw new Error('nobody hears of it');
    }, 'select pg_advisory_xact_lock(4711)');
    await held.promise;
    const freed = direct.transaction(
      async (sql) => sql.query('select 1 as answer'),
      'select pg_advisory_xact_lock(4711)',
    );
    expect(await freed).toEqual([{ answer: 1 }]);
    network.cut();
    gone.resolve(undefined);
    await expect(work).rejects.toThrow();
    await Promise.all([vanishing.close(), direct.close()]);
  });

  it('is given 60 seconds, and its server asks for it after 30', async () => {
    const unlimited = openPostgres({ url: network.url, applicationName: 'silence test', max: 1 });
    const shown = await unlimited.query(
      `select name, setting from pg_settings where name in ('idle_in_transaction_session_timeout', 'tcp_keepalives_idle') order by name`,
    );
    expect(shown).toEqual([
      { name: 'idle_in_transaction_session_timeout', setting: '60000' },
      { name: 'tcp_keepalives_idle', setting: '30' },
    ]);
    await unlimited.close();
  });
});

describe('a migration', () => {
  const migrationsOf = (statement: string) => {
    const directory = mkdtempSync(join(tmpdir(), 'migrations-'));
    onTestFinished(() => {
      rmSync(directory, { recursive: true });
    });
    writeFileSync(join(directory, '001_test.sql'), statement);
    return { name: `silence_${process.pid}`, directory };
  };

  it('rejects when the server takes the connection and says nothing', async () => {
    network.fallSilent();
    await expect(migrate(network.url, migrationsOf('select 1;'), { connectMs: 300 })).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('did not take a connection within 300 ms') as string,
    });
  });

  /** Whether a migration of this name is in its long statement. */
  const sleeping = async (name: string) => {
    const statement = `select from pg_stat_activity where application_name like $1 and query like '%pg_sleep%'`;
    const direct = openPostgres({ url: inject('env')['ENDPUT_DATABASE_URL'] ?? '', applicationName: 'asking', max: 1 });
    return (await direct.query(statement, [`%${name}`]).finally(() => direct.close())).length === 1;
  };

  it('rejects when its connection is cut, and the process lives', async () => {
    const name = `cut ${process.pid}`;
    const migrating = migrate(network.url, { ...migrationsOf('select pg_sleep(60);'), name });
    migrating.catch(() => undefined);
    await expect.poll(() => sleeping(name)).toBe(true);
    network.cut();
    await expect(migrating).rejects.toThrow(/terminated|ECONNRESET/);
  });

  it('frees its lock soon when its process ends, however long its statement would take', async () => {
    const name = `vanished ${process.pid}`;
    const migrating = migrate(network.url, { ...migrationsOf('select pg_sleep(60);'), name });
    migrating.catch(() => undefined);
    await expect.poll(() => sleeping(name)).toBe(true);
    network.cut();
    await expect.poll(() => sleeping(name)).toBe(false);
    await expect(migrating).rejects.toThrow();
  });

  it('that waits for another one, or takes its time, says for whom and how long', async () => {
    const url = inject('env')['ENDPUT_DATABASE_URL'] ?? '';
    const lines: string[] = [];
    const told = (pattern: RegExp) =>
      vi.waitFor(() => {
        expect(lines.join('\n')).toMatch(pattern);
      }, patient);
    const [lock, options] = [
      `pg_advisory_xact_lock(${MIGRATION_LOCK})`,
      { onWait: (line: string) => lines.push(line) },
    ];
    const holder = openPostgres({ url, applicationName: 'another start', max: 1 });
    const free = Promise.withResolvers<undefined>();
    const isHeld = Promise.withResolvers<undefined>();
    const held = holder.transaction(() => {
      isHeld.resolve(undefined);
      return free.promise;
    }, `select ${lock}`);
    await isHeld.promise;
    const lasting = `do $$ begin while not pg_try_advisory_xact_lock(4713) loop perform pg_sleep(0.1); end loop; end $$;`;
    const isOver = Promise.withResolvers<undefined>();
    const isBegun = Promise.withResolvers<undefined>();
    const keeper = openPostgres({ url, applicationName: 'keeping', max: 1 });
    const kept = keeper.transaction(() => {
      isBegun.resolve(undefined);
      return isOver.promise;
    }, 'select pg_advisory_xact_lock(4713)');
    await isBegun.promise;
    const migrating = migrate(url, migrationsOf(lasting), { ...options, tellEveryMs: 100 });
    await told(
      /silence_\d+ of [^:]+:\d+\/endput: the migration waits for pid \d+ \(another start, idle in transaction\), \d+ s so far/,
    );
    free.resolve(undefined);
    await told(/a statement of the migration takes its time, \d+ s so far: do /);
    isOver.resolve(undefined);
    await Promise.all([held, kept, migrating]);
    await Promise.all([holder.close(), keeper.close()]);
  });
});

describe('a statement that nobody waits for any more', () => {
  it('is ended by the server, so that none pile up behind a lock', async () => {
    const url = inject('env')['ENDPUT_DATABASE_URL'] ?? '';
    const free = Promise.withResolvers<undefined>();
    const holder = openPostgres({ url, applicationName: 'holding', max: 2 });
    const lock = `select pg_advisory_xact_lock(4712)`;
    const isHeld = Promise.withResolvers<undefined>();
    const held = holder.transaction(() => {
      isHeld.resolve(undefined);
      return free.promise;
    }, lock);
    await isHeld.promise;
    const name = `impatient ${process.pid}`;
    const impatient = openPostgres({ url, applicationName: name, max: 4, queryTimeoutMs: 300 });
    const tries = Array.from({ length: 4 }, () => impatient.query(lock));
    for (const outcome of await Promise.allSettled(tries)) expect(outcome.status).toBe('rejected');
    await vi.waitFor(async () => {
      expect(
        await holder.query(`select from pg_stat_activity where application_name = $1 and state = 'active'`, [name]),
      ).toEqual([]);
    }, patient);
    free.resolve(undefined);
    await held;
    await Promise.all([holder.close(), impatient.close()]);
  });
});
