import { freePort } from '@esteira/tests/support';
import { expect, it } from 'vitest';
import { askedPipeline } from '../src/pipelines/asked-pipeline.ts';
import { parseFilter } from '../src/redrive/filter.ts';

const settings = async (...pipelines: string[]) => ({ CONSOLE_PORT: await freePort(), apiKeys: [], pipelines });

it('orders are asked about without a console, where they run', async () => {
  expect(await askedPipeline(await settings('orders'), 'orders')).toBeUndefined();
});

it('without a console the settings tell which pipelines run', async () => {
  const which = 'does not run here. The one that runs is orders; PIPELINES says which do.';
  await expect(askedPipeline(await settings('orders'), 'parcels')).rejects.toThrow(`PIPELINE: parcels ${which}`);
  const others = await settings('parcels', 'trams');
  await expect(askedPipeline(others, 'orders')).rejects.toThrow(
    /orders does not run here. Those that run are parcels, trams;/,
  );
});

it('a pipeline that should run is told of by the console alone: where it is away, that is said', async () => {
  await expect(askedPipeline(await settings('parcels'), 'parcels')).rejects.toThrow(
    /The console at .* does not answer: `make start` starts it./,
  );
});

it('FILTER calls an origin origin or system, and names one of them', () => {
  expect(parseFilter('origin=porto')).toEqual(parseFilter('system=porto'));
  expect(parseFilter('origin=porto system=porto')).toEqual({ origin: 'porto' });
  expect(() => parseFilter('origin=porto system=lisbon')).toThrow(/two names of one thing/);
});
