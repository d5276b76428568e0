import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { readEnvFile } from '@esteira/config';
import { loadSettings, type AppDeclaration, type Settings } from '@esteira/settings';
import { freshDatabase } from '@esteira/tests/support';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findHome } from '../native/home.ts';
import { processesOf } from '../native/processes.ts';
import { NativeRuntime } from '../native/runtime.ts';
import { catalogue } from '../src/catalogue.ts';
import { openPrivateCopy } from '../src/test-servers.ts';
import { until } from '../src/until.ts';

/** An app of a name that no build knows, which works on the Postgres of tasks. */
const asking: AppDeclaration = {
  role: 'consumer',
  main: 'infra/test/asking-app.ts',
  processes: ({ CONSUMER_PORT }) => [
    {
      name: 'asking',
      parts: ['queue'],
      ports: [{ setting: 'CONSUMER_PORT', port: CONSUMER_PORT }],
      needs: ['tasks'],
      environment: {},
    },
  ],
};

const lines: string[] = [];
const report = (line: string) => lines.push(line);
const copy = await openPrivateCopy({ ESTEIRA_RUNTIME: 'native' });
const runtime = new NativeRuntime(copy.place, [asking]);
const start = () => runtime.start({}, { profile: 'all', report });
const states = async () => Object.fromEntries((await runtime.status()).map(({ name, state }) => [name, state]));
const pids = async () => Object.fromEntries((await runtime.status()).map(({ name, pid }) => [name, pid]));
const takenPort = Number(new URL(readEnvFile(copy.place.envFile)['TASKS_DATABASE_URL'] ?? '').port);
const holder = createServer();

let settings: Settings;

async function onTasks<T>(work: (client: pg.Client) => Promise<T>, url = settings.TASKS_DATABASE_URL): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  return work(client).finally(() => client.end());
}

const kept = () => onTasks(async (client) => (await client.query<{ word: string }>('select word from kept')).rows);

beforeAll(async () => {
  holder.listen(takenPort, '127.0.0.1');
  settings = await start();
  await onTasks((client) => client.query(`create table kept as select 'kept' as word`));
});

afterAll(async () => {
  holder.close();
  await copy.remove();
});

describe('the Postgres of tasks', () => {
  it('is a server only where an app that runs needs it', () => {
    const names = (apps: readonly AppDeclaration[]) => catalogue(loadSettings({}), apps).map(({ name }) => name);
    expect(names([asking])).toEqual(['tasks', 'asking']);
    expect(names([])).toEqual([]);
  });

  it('runs natively beside its app, on another port where its own is taken, which is said and written down', async () => {
    expect(await states()).toEqual({ tasks: 'up', asking: 'up' });
    const { port } = new URL(settings.TASKS_DATABASE_URL);
    expect(lines.join('\n')).toContain(`TASKS_DATABASE_URL: port ${takenPort} is taken; using ${port}`);
    expect(readEnvFile(copy.place.envFile)['TASKS_DATABASE_URL']).toBe(settings.TASKS_DATABASE_URL);
    expect(lines).toContain(`tasks is ready: ${settings.TASKS_DATABASE_URL.replace('esteira:esteira@', '')}`);
  });

  it('has a folder and a log of its own, and takes nobody without the password', async () => {
    const home = findHome(copy.place.state) ?? '';
    const rows = await onTasks((client) =>
      client
        .query<{ at: string }>('select setting at from pg_settings where name = $1', ['data_directory'])
        .then((answer) => answer.rows),
    );
    expect(rows).toEqual([{ at: `${home}/tasks/data` }]);
    expect(existsSync(`${home}/logs/tasks.log`)).toBe(true);
    const url = settings.TASKS_DATABASE_URL.replace('esteira:esteira@', 'esteira:other@');
    await expect(onTasks((client) => client.query('select 1'), url)).rejects.toThrow('password authentication failed');
  });

  it('goes on while the apps are stopped alone, whatever these are called', async () => {
    const before = await pids();
    await runtime.stopApps({ report });
    expect(await pids()).toEqual({ tasks: before['tasks'], asking: undefined });
    await start();
    expect(await states()).toEqual({ tasks: 'up', asking: 'up' });
  });

  it('is running again soon after it was killed, with its data', async () => {
    const { tasks: before = 0 } = await pids();
    process.kill(before, 'SIGKILL');
    await until(async () => ((await kept()).length === 1 ? undefined : 'nothing was kept'), { timeoutMs: 120_000 });
    expect((await pids())['tasks']).not.toBe(before);
  });

  it('ends with the last app that needs it, and has its data when one needs it again', async () => {
    await new NativeRuntime(copy.place, []).start({}, { profile: 'all', report });
    expect(await states()).toEqual({ tasks: 'down', asking: 'down' });
    expect(await start()).toEqual(settings);
    expect(await kept()).toEqual([{ word: 'kept' }]);
  });

  it('is stopped with everything else, and keeps its data', async () => {
    await runtime.stop({ report });
    expect(processesOf(findHome(copy.place.state) ?? '')).toEqual([]);
    expect(await start()).toEqual(settings);
    expect(await kept()).toEqual([{ word: 'kept' }]);
  });
});

it('tests make databases for tasks as for every other store', async () => {
  const database = await freshDatabase('TASKS_DATABASE_URL');
  const asked = (client: pg.Client) => client.query<{ one: number }>('select 1 as one');
  expect((await onTasks(asked, database.url)).rows).toEqual([{ one: 1 }]);
  await database.drop();
});
