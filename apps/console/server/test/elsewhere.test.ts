import { hostname } from 'node:os';
import { startPipeline, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Overview } from '../src/overview/schema.ts';

let pipeline: Pipeline;
let url: string;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1, consumers: 3 });
  // Its settings name the first consumer alone, as where the others run on other machines.
  const page = await pipeline.consoleWith({ CONSUMERS: '1' });
  await page.start();
  url = page.url;
});
afterAll(() => pipeline.stop());

const consumers = async () =>
  ((await (await fetch(`${url}/v0/pipelines/orders/overview`)).json()) as Overview).consumers;
const elsewhere = (n: number) => `consumer-${n}@${hostname()}`;

it('finds consumers that its settings do not name, and what they do; those that ended go, those that died show', async () => {
  const all = [{ name: 'consumer-1' }, { name: elsewhere(2) }, { name: elsewhere(3) }];
  await vi.waitFor(async () => {
    expect(await consumers()).toMatchObject(all.map((one) => ({ ...one, state: 'idle', why: null })));
  }, patient);
  await pipeline.post(0, '/v0/insert-data', { positive_inserts: 3_000, negative_inserts: 0 });
  const working = vi.waitFor(async () => {
    const others = (await consumers()).slice(1);
    expect(others.some(({ per_second }) => per_second.succeeded + per_second.retry > 0)).toBe(true);
  }, patient);
  await pipeline.publishAll(0);
  await working;
  await pipeline.consumers[1]?.end('SIGTERM');
  await vi.waitFor(async () => {
    expect((await consumers()).map(({ name }) => name)).toEqual(['consumer-1', elsewhere(3)]);
  }, patient);
  await pipeline.consumers[2]?.end('SIGKILL');
  await vi.waitFor(async () => {
    expect((await consumers())[1]).toMatchObject({
      name: elsewhere(3),
      state: 'down',
      why: 'Nothing was heard of it since.',
    });
  }, patient);
});

it('finds every API of a system, with which holds its run; one that is killed gives it up to the other', async () => {
  const [system] = pipeline.settings.systems;
  const other = await pipeline.apiOf(0);
  await other.start();
  const named = (at: string) => `api-${system!.name}@${hostname()}:${new URL(at).port}`;
  const [first] = pipeline.apis;
  const apis = async () => {
    const { systems } = (await (await fetch(`${url}/v0/pipelines/orders/overview`)).json()) as Overview;
    return new Map(systems[0]?.apis.map(({ name, state, holds_run: holds }) => [name, { state, holds }]));
  };
  const shows = (expected: Record<string, { state: string; holds: boolean }>) =>
    vi.waitFor(async () => {
      expect(Object.fromEntries(await apis())).toEqual(expected);
    }, patient);
  await shows({
    [named(first!.url)]: { state: 'up', holds: false },
    [named(other.url)]: { state: 'up', holds: false },
  });
  await pipeline.post(0, '/v0/process/run', { follow: true });
  await shows({
    [named(first!.url)]: { state: 'up', holds: true },
    [named(other.url)]: { state: 'up', holds: false },
  });
  await first!.end('SIGKILL');
  await shows({
    [named(first!.url)]: { state: 'down', holds: false },
    [named(other.url)]: { state: 'up', holds: true },
  });
});
