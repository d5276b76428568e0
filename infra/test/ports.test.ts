import { createServer, type Server } from 'node:net';
import { loadSettings } from '@esteira/settings';
import { afterEach, describe, expect, it } from 'vitest';
import { catalogue, servicesOf } from '../src/catalogue.ts';
import { isPortFree, movesFor } from '../src/ports.ts';

const settings = loadSettings({ CONSUMERS: '3' });
const all = catalogue(settings);
const free =
  (...taken: number[]) =>
  (port: number) =>
    Promise.resolve(!taken.includes(port));

describe('choosing ports', () => {
  it('moves nothing while every port is free', async () => {
    expect(await movesFor(all, all, free())).toEqual([]);
  });

  it('replaces a taken port by the next free one that no other service is meant to have', async () => {
    // 5433 and 5434 are system-2's and the endput's
    expect(await movesFor(all, all, free(5432))).toEqual([{ setting: 'SYSTEM1_DATABASE_URL', from: 5432, to: 5435 }]);
  });

  it('never gives the same port twice', async () => {
    const moves = await movesFor(all, all, free(5432, 5433, 5434, 8001, 8002));
    expect(new Set(moves.map(({ to }) => to)).size).toBe(5);
  });

  it('moves the range of the consumers as a whole', async () => {
    expect(await movesFor(all, all, free(8012))).toEqual([{ setting: 'CONSUMER_PORT', from: 8011, to: 8013 }]);
  });

  it('separates two services that are set to the same port', async () => {
    const same = catalogue(loadSettings({ SYSTEM1_API_PORT: '8001', SYSTEM2_API_PORT: '8001' }));
    expect(await movesFor(same, same, free())).toEqual([{ setting: 'SYSTEM2_API_PORT', from: 8001, to: 8002 }]);
  });

  it('leaves its port to what runs, whoever else is meant to have it', async () => {
    const three = loadSettings({
      SYSTEMS: 'system-1,system-2,system-3',
      ENDPUT_DATABASE_URL: 'postgres://127.0.0.1:5435/e',
    });
    const ours = catalogue(three);
    const moves = await movesFor(ours, ours, free(), (name) => name === 'endput');
    expect(moves).toMatchObject([{ setting: 'SYSTEM3_DATABASE_URL', from: 5435 }]);
  });

  it('leaves 5435 to a third system of before when tasks come beside it', async () => {
    const third = { SYSTEMS: 'system-1,system-2,system-3', PIPELINES: 'orders,tasks' };
    const both = catalogue(loadSettings(third));
    expect(await movesFor(both, both, free())).toEqual([{ setting: 'TASKS_DATABASE_URL', from: 5435, to: 5436 }]);
  });

  it('leaves alone what is not about to be started', async () => {
    expect(await movesFor(servicesOf('system-1', settings), all, free(5433, 5434, 5672))).toEqual([]);
  });
});

describe('a port', () => {
  let holder: Server | undefined;
  afterEach(() => new Promise((resolve) => holder?.close(resolve)));

  it.each(['127.0.0.1', '0.0.0.0', '::'])('is taken while another program listens on it at %s', async (host) => {
    const port = await new Promise<number>((resolve) => {
      holder = createServer().listen({ port: 0, host }, () => {
        resolve((holder?.address() as { port: number }).port);
      });
    });
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => holder?.close(resolve));
    expect(await isPortFree(port)).toBe(true);
  });
});
