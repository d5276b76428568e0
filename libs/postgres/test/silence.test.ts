import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openPostgres, PostgresSilent, type Postgres } from '../src/index.ts';

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
