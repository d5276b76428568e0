import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { migrate, openPostgres, PostgresSilent, type Postgres } from '../src/index.ts';

/** A network that can stop carrying bytes without closing anything, as a pulled cable does. */
async function networkTo(url: string) {
  const { hostname, port } = new URL(url);
  let isSilent = false;
  const connections = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('data', (bytes) => isSilent || far.write(bytes));
    far.on('data', (bytes) => isSilent || near.write(bytes));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      connections.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        connections.delete(one);
        other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const each of connections) each.destroy();
    server.close();
  });
  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: through.href,
    fallSilent: () => (isSilent = true),
    /** New connections are carried again; those that were cut stay silent for good. */
    mend: () => {
      for (const each of connections) each.removeAllListeners('data');
      isSilent = false;
    },
    /** Ends every connection. */
    cut: () => {
      for (const each of connections) each.destroy();
    },
    open: () => connections.size / 2,
  };
}

let network: Awaited<ReturnType<typeof networkTo>>;
let postgres: Postgres;
beforeEach(async () => {
  network = await networkTo(inject('env')['ENDPUT_DATABASE_URL'] ?? '');
  postgres = openPostgres({ url: network.url, applicationName: 'silence test', max: 1, queryTimeoutMs: 300 });
});
afterEach(() => postgres.close());

describe('a network that is cut without a word', () => {
  it('is noticed by a statement, whose connection is given up for a new one', async () => {
    await postgres.query('select 1');
    network.fallSilent();
    const asked = postgres.query('select 2');
    await expect(asked).rejects.toThrow(PostgresSilent);
    await expect(asked).rejects.toThrow(/did not answer a statement within 300 ms/);
    network.mend();
    expect(await postgres.query('select 3 as answer')).toEqual([{ answer: 3 }]);
  });

  it('ends a transaction after one wait, not after a second one for its rollback', async () => {
    const started = performance.now();
    const work = postgres.transaction(async (sql) => {
      await sql.query('select 1');
      network.fallSilent();
      await sql.query('select 2');
    });
    await expect(work).rejects.toMatchObject({ name: 'PostgresSilent', code: 'ETIMEDOUT' });
    expect(performance.now() - started).toBeLessThan(5_000);
    network.mend();
    expect(await postgres.query('select 3 as answer')).toEqual([{ answer: 3 }]);
  });

  it('leaves a statement that takes its time alone where no limit is set', async () => {
    const patient = openPostgres({ url: network.url, applicationName: 'silence test', max: 1, queryTimeoutMs: 0 });
    expect(await patient.query('select 1 as answer from pg_sleep(0.4)')).toEqual([{ answer: 1 }]);
    await patient.close();
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
  }, 20_000);

  it('is given 60 seconds, and its server asks for it after 30', async () => {
    const shown = await postgres.query(
      `select name, setting from pg_settings where name in ('idle_in_transaction_session_timeout', 'tcp_keepalives_idle') order by name`,
    );
    expect(shown).toEqual([
      { name: 'idle_in_transaction_session_timeout', setting: '60000' },
      { name: 'tcp_keepalives_idle', setting: '30' },
    ]);
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
    await expect(migrate(network.url, migrationsOf('select 1;'), 300)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('did not take a connection within 300 ms') as string,
    });
  });

  it('rejects when its connection is cut, and the process lives', async () => {
    const migrating = migrate(network.url, migrationsOf('select pg_sleep(30);'));
    setTimeout(network.cut, 500);
    await expect(migrating).rejects.toThrow(/terminated|ECONNRESET/);
  });
});
