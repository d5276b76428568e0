import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HandlerOutcome } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import { expect, it, onTestFinished, vi } from 'vitest';
import { CRASH_BUDGET } from '../src/suspicion.ts';
import { openWorld, type World } from './support/world.ts';

/** Suspects, once they have outlasted the time in which they are alone. */
const besideOthers = async (world: World) => {
  const rows = await world.endput.query<{ crashes: number }>('SELECT crashes FROM trials');
  return rows.filter(({ crashes }) => crashes === 0).length;
};

/** Starts a consumer, and kills it when all run that there are. */
async function killAmid(world: World, long: number, areSuspects: boolean): Promise<void> {
  const main = join(import.meta.dirname, 'support/long-parcels.ts');
  const child = spawn(process.execPath, [main, JSON.stringify(world.settings)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const begun = new Set<string>();
  createInterface(child.stdout).on('line', (line) => begun.add(line));
  await vi.waitFor(async () => {
    expect(begun.size).toBe(long);
    if (areSuspects) expect(await besideOthers(world)).toBe(long);
  }, patient);
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}

it.each([1, 4])(
  'a consumer that is killed from outside again and again while %i long ones run gives up none, and begins others beside them',
  async (long) => {
    const world = await openWorld();
    // Registered first, so that it closes after all that works on its servers.
    onTestFinished(() => world.close());
    await (await world.start({ name: 'scales', handle: () => ({ kind: 'succeeded' }) })).stop(60_000);
    await world.publish(long);
    for (let kills = 0; kills < 2 + CRASH_BUDGET; kills += 1) await killAmid(world, long, kills >= 2);
    const { promise: gate, resolve: open } = Promise.withResolvers<HandlerOutcome>();
    const begun = new Set<number>();
    const scales = {
      name: 'scales',
      handle: ({ weight }: { readonly weight: number }) => {
        begun.add(weight);
        return weight <= long ? gate : ({ kind: 'succeeded' } as const);
      },
    };
    const last = await world.start(scales, { concurrency: 6, aloneMs: 200 });
    onTestFinished(() => last.stop(0));
    await vi.waitFor(() => {
      expect(begun.size).toBe(long);
    }, patient);
    await world.publish(2, long);
    await vi.waitFor(async () => {
      expect([...(await world.stored()).keys()].sort()).toEqual([long + 1, long + 2]);
    }, patient);
    open({ kind: 'succeeded' });
    await vi.waitFor(async () => {
      expect((await world.stored()).size).toBe(long + 2);
    }, patient);
    expect(new Set((await world.stored()).values())).toEqual(new Set([1]));
    expect(await world.endput.query('SELECT reason FROM dead_letters')).toEqual([]);
  },
);
