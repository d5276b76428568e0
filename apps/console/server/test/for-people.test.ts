import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { openPostgres, PostgresSilent, type Postgres } from '@esteira/postgres';
import { serverSetting } from '@esteira/tests/support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forPeople } from '../src/for-people.ts';

/** A way to a server that can stop carrying bytes, as a server that hangs stops taking them. */
async function wayTo(url: string) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let hangs = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      if (hangs) socket.pause();
      socket.on('error', () => socket.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: through.href,
    hang: (does: boolean) => {
      hangs = does;
      for (const socket of sockets)
        if (does) socket.pause();
        else socket.resume();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const PATIENCE = { statementMs: 100, signMs: 300 };

let way: Awaited<ReturnType<typeof wayTo>>;
let pools: Postgres[];
let people: Postgres;
beforeEach(async () => {
  way = await wayTo(serverSetting('ENDPUT_DATABASE_URL'));
  pools = [2, 1].map((max) => openPostgres({ url: way.url, applicationName: 'people test', max }));
  people = forPeople(pools[0]!, pools[1]!, PATIENCE);
});
afterEach(async () => {
  way.close();
  await Promise.all(pools.map((pool) => pool.close()));
});

describe('somebody who asks Postgres', () => {
  it('hears soon that it hangs, and is answered when it goes on', async () => {
    await people.query('SELECT 1');
    way.hang(true);
    const asked = people.query('SELECT 2');
    await expect(asked).rejects.toThrow(PostgresSilent);
    await expect(asked).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('within 400 ms') as string,
    });
    await expect(people.query('SELECT 3')).rejects.toThrow(PostgresSilent);
    way.hang(false);
    expect(await people.query('SELECT 4 AS answer')).toEqual([{ answer: 4 }]);
  });

  it('waits for what takes its time, as long as the server shows a sign of life', async () => {
    const asked = Array.from({ length: 4 }, () => people.query('SELECT 1 AS answer FROM pg_sleep(0.5)'));
    expect((await Promise.all(asked)).flat()).toHaveLength(4);
  });

  it('hears what is wrong with the question as before', async () => {
    await expect(people.query('SELECT nonsense')).rejects.toThrow('column "nonsense" does not exist');
  });
});
