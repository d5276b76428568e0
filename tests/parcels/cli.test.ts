import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { settingsEntries } from '@esteira/settings';
import { runProgram } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Parcel } from './src/parcel.ts';
import { openWorld, type World } from './world.ts';

let world: World;
let consumer: ChildProcess | undefined;

/** Three that die of their weight, two of their unrest, and ten that are weighed. */
const HEAVY = numbered('HV', 3).map((one) => ({ ...one, grams: 40_000 }));
const RESTLESS = numbered('RL', 2).map((one) => ({ ...one, restless: 4 }));
const LIGHT = numbered('LT', 10);

beforeAll(async () => {
  world = await openWorld();
  await world.send('express', ...HEAVY);
  await world.send('bulk', ...RESTLESS, ...LIGHT);
  world.handedOver.push(...HEAVY, ...RESTLESS, ...LIGHT);
  consumer = world.consumer();
  await vi.waitFor(async () => {
    const { body } = await world.ask('GET', '/v0/pipelines/parcels/dead-letters?state=dead');
    expect(body['items']).toHaveLength(5);
    expect((await world.stored()).size).toBe(LIGHT.length);
  }, patient);
});

afterAll(async () => {
  if (consumer !== undefined) {
    const exit = once(consumer, 'exit');
    consumer.kill('SIGTERM');
    await exit;
  }
  await (world as World | undefined)?.close();
});

function numbered(prefix: string, count: number): Parcel[] {
  return Array.from({ length: count }, (_, n) => ({ depot: 'porto', number: `${prefix}-${n + 1}/a`, grams: 500 }));
}

/** Runs a command of `make`, with settings of its own beside those of the world. */
const make = (command: string, more: Readonly<Record<string, string>>) =>
  runProgram('apps/cli/src/main.ts', [command], {
    ...Object.fromEntries(settingsEntries(world.orders.settings)),
    ...{ ESTEIRA_ENV_FILE: '/dev/null', YES: '1', ...more },
  });

describe('make, asked about parcels by PIPELINE=', () => {
  it('shows their dead letters by reason, and those of a filter', async () => {
    const all = await make('dlq', { PIPELINE: 'parcels' });
    expect(all).toMatchObject({ code: 0 });
    expect(all.output).toMatch(/3 .*refused .*too-heavy .*porto/);
    expect(all.output).toMatch(/2 .*attempts-exhausted .*restless/);
    expect(all.output).toContain("`make redrive PIPELINE=parcels FILTER='reason=…'` sends them again.");
    const some = await make('dlq', { PIPELINE: 'parcels', FILTER: 'lane=bulk error_code=restless origin=porto' });
    expect(some.output).toContain('2 open dead letters');
    const none = await make('dlq', { PIPELINE: 'parcels', FILTER: 'origin=lisbon' });
    expect(none).toMatchObject({ code: 0, output: 'No open dead letter matches FILTER.\n' });
  });

  it('leaves orders alone, of which it speaks where nothing is said', async () => {
    expect(await make('dlq', {})).toMatchObject({ code: 0, output: 'There are no open dead letters.\n' });
    expect(await make('dlq', { PIPELINE: 'orders' })).toMatchObject({ output: 'There are no open dead letters.\n' });
  });

  it.each(['dlq', 'redrive', 'reconcile'])(
    'says for %s which pipelines run where it is none of them',
    async (command) => {
      const { code, output } = await make(command, { PIPELINE: 'trams' });
      expect(code).toBe(1);
      expect(output).toBe(
        'PIPELINE: trams does not run here. Those that run are orders, parcels; PIPELINES says which do.\n',
      );
    },
  );

  it('redrives: shows what it would do, has the console do it, and tells what came of it', async () => {
    const asked = { PIPELINE: 'parcels', FILTER: 'error_code=restless', STOP_AT: '1', WHY: 'the scales are mended' };
    const { code, output } = await make('redrive', asked);
    expect(output).toMatch(/2 .*attempts-exhausted .*restless/);
    expect(output).toMatch(/dead letters .*depot/);
    expect(output).toMatch(/job \d+: finished/);
    expect(code).toBe(0);
    const jobs = (await world.ask('GET', '/v0/pipelines/parcels/jobs')).body['items'] as { id: string }[];
    expect(jobs).toMatchObject([{ why: 'the scales are mended', total: 2, done: 2, state: 'finished' }]);
    const job = jobs[0]!.id;
    expect((await make('redrive', { PIPELINE: 'parcels', JOB: job })).output).toMatch(/Job \d+ is finished: 2 of 2/);
    const unknown = await make('redrive', { PIPELINE: 'parcels', JOB: '4711' });
    expect(unknown).toMatchObject({ code: 1, output: 'The console refused: There is no job 4711.\n' });
    const nothing = await make('redrive', { PIPELINE: 'parcels', FILTER: 'origin=lisbon' });
    expect(nothing).toMatchObject({ code: 0, output: 'There is nothing to redrive.\n' });
  });

  it('makes up their books: exit code 0 where they add up, and where one is lost its number and exit code 1', async () => {
    await vi.waitFor(async () => {
      const { code, output } = await make('reconcile', { PIPELINE: 'parcels' });
      expect(output).toMatch(/depot .*weighed .*difference/s);
      expect(output).toContain('All that was accepted is accounted for, and at rest.');
      expect(code).toBe(0);
    }, patient);
    world.handedOver.push({ depot: 'porto', number: 'GN-1/a', grams: 500 });
    const table = await make('reconcile', { PIPELINE: 'parcels' });
    expect(table.code).toBe(1);
    expect(table.output).toContain('porto  GN-1/a  lost');
    expect(table.output).toContain('1 lost: handed over, and nowhere');
    const json = await make('reconcile', { PIPELINE: 'parcels', FORMAT: 'json' });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.output)).toMatchObject({
      adds_up: false,
      report: { origins: [{ origin: 'porto', accepted: 16, counts: { lost: 1 } }] },
      items: [{ origin: 'porto', key: 'GN-1/a', class: 'lost' }],
    });
  });

  it('refuses what only the books of orders can do', async () => {
    const { code, output } = await make('reconcile', { PIPELINE: 'parcels', REPUBLISH: '1', BY: 'day' });
    expect([code, output]).toEqual([1, 'REPUBLISH, BY=day: of orders alone, not of parcels.\n']);
  });
});
