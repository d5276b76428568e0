import { hostname } from 'node:os';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  heartbeatMigrations,
  knownProcesses,
  startedElsewhere,
  startHeartbeat,
  type KnownProcess,
  type ProcessState,
} from '../src/index.ts';

let database: Fresh;
let store: Postgres;

beforeAll(async () => {
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, heartbeatMigrations);
  store = openPostgres({ url: database.url, applicationName: 'tests' });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const fine: ProcessState = { why: null, counts: { store: 7 } };
const workers = async (pipeline: string) => (await knownProcesses(store, pipeline)).map(({ worker }) => worker);

/** A heartbeat of a consumer, fast enough to be waited for. */
const start = (
  pipeline: string,
  worker: string,
  state = () => Promise.resolve(fine),
  onFault: (error: unknown) => void = () => undefined,
) => startHeartbeat(store, { pipeline, role: 'consumer', worker }, { state, onFault, everyMs: 20 });

const silence = (pipeline: string, worker: string, seconds: number) =>
  store.query(`INSERT INTO processes VALUES ($1, 'consumer', $2, 'far', now(), now() - $3 * interval '1 second', $4)`, [
    pipeline,
    worker,
    seconds,
    JSON.stringify(fine),
  ]);

it('ten processes are found wherever they were started, and none of another pipeline', async () => {
  const names = Array.from({ length: 10 }, (_, i) => `consumer-${i}@host-${i % 5}`);
  const beats = [...names.map((worker) => start('ten', worker)), start('other', 'consumer-1@host-1')];
  await vi.waitFor(async () => {
    expect(await workers('ten')).toEqual(names);
  }, patient);
  const [first] = await knownProcesses(store, 'ten');
  expect(first).toMatchObject({ role: 'consumer', host: hostname(), isSilent: false, state: fine });
  expect(Number.isNaN(Date.parse(first?.startedAt ?? ''))).toBe(false);
  await Promise.all(beats.map((beat) => beat.stop()));
  expect(await workers('ten')).toEqual([]);
});

it('says what it is at last, since when it runs stays', async () => {
  let state = fine;
  const beat = start('states', 'consumer-1@a', () => Promise.resolve(state));
  await vi.waitFor(async () => {
    expect(await workers('states')).toHaveLength(1);
  }, patient);
  const [before] = await knownProcesses(store, 'states');
  state = { why: 'the broker is away', counts: { store: 9 } };
  await vi.waitFor(async () => {
    expect(await knownProcesses(store, 'states')).toMatchObject([{ state, startedAt: before?.startedAt }]);
  }, patient);
  await beat.stop();
});

it('one that is not heard is silent first, and forgotten by the others then', async () => {
  await silence('quiet', 'consumer-1@far', 20);
  await silence('quiet', 'consumer-2@far', 100);
  expect(await knownProcesses(store, 'quiet')).toMatchObject([{ worker: 'consumer-1@far', isSilent: true }]);
  const beat = start('living', 'consumer-1@a');
  await vi.waitFor(async () => {
    const rows = await store.query<{ worker: string }>(`SELECT worker FROM processes WHERE pipeline = 'quiet'`);
    expect(rows).toEqual([{ worker: 'consumer-1@far' }]);
  }, patient);
  await beat.stop();
});

it('a store that takes no beat is told of once, and beats go on until it does', async () => {
  const faults: unknown[] = [];
  let isBroken = true;
  const state = () => (isBroken ? Promise.reject(new Error('not now')) : Promise.resolve(fine));
  const asked = vi.fn(state);
  const beat = start('broken', 'consumer-1@a', asked, (error) => faults.push(error));
  await vi.waitFor(() => {
    expect(asked.mock.calls.length).toBeGreaterThan(2);
  }, patient);
  isBroken = false;
  await vi.waitFor(async () => {
    expect(await workers('broken')).toHaveLength(1);
  }, patient);
  expect(faults).toEqual([new Error('not now')]);
  await beat.stop();
});

it('what was started elsewhere is what is left when each declared process was found', () => {
  const known = (worker: string, host: string): KnownProcess => {
    const at = '2026-01-01T00:00:00Z';
    return { pipeline: 'p', role: 'consumer', worker, host, startedAt: at, seenAt: at, isSilent: false, state: fine };
  };
  const all = [
    known('consumer-1@here', 'here'),
    known('consumer-1@there', 'there'),
    known('consumer-2@there', 'there'),
  ];
  const left = (names: string[], answers: boolean, host: string) =>
    startedElsewhere(
      all,
      names.map((name) => ({ name, answers })),
      host,
    ).map(({ worker }) => worker);
  expect(left(['consumer-1'], true, 'here')).toEqual(['consumer-1@there', 'consumer-2@there']);
  // The one of this host has died a moment ago; that of another host is not taken for it.
  expect(left(['consumer-1'], false, 'here')).toEqual(['consumer-1@there', 'consumer-2@there']);
  // In a container a process has another host's name.
  expect(left(['consumer-2'], true, 'here')).toEqual(['consumer-1@here', 'consumer-1@there']);
  expect(left(['consumer-2'], false, 'here')).toEqual(all.map(({ worker }) => worker));
});
