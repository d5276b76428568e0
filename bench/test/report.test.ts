import { describe, expect, it } from 'vitest';
import { chartsOf, svgOf } from '../src/charts.ts';
import { ratioOf } from '../src/figures.ts';
import type { Measured } from '../src/measured.ts';
import { requirements } from '../src/requirements.ts';

const rate = (bench: string, variant: string, round: number, value: number): Measured => ({
  bench,
  variant,
  round,
  figures: { 'orders/s': value },
});

const measured = [
  rate('ceiling', 'bare amqplib', 1, 30_000),
  rate('pipeline', 'esteira', 1, 24_000),
  rate('floor', 'bare amqplib coalesced', 1, 20_000),
  rate('peers', 'slow coalesced', 1, 8_000),
  rate('peers', 'quick coalesced', 1, 16_000),
  rate('ceiling', 'bare amqplib', 2, 15_000),
  rate('pipeline', 'esteira', 2, 12_000),
  rate('floor', 'bare amqplib coalesced', 2, 10_000),
  rate('peers', 'slow coalesced', 2, 2_000),
  rate('peers', 'quick coalesced', 2, 10_000),
];

describe('ratioOf', () => {
  it('compares what was measured in the same round', () => {
    expect(ratioOf([24_000, 12_000], [30_000, 15_000])).toEqual({ median: 0.8, least: 0.8, most: 0.8, rounds: 2 });
  });

  it('has nothing to say where one side was not measured', () => {
    expect(ratioOf([24_000], [])).toBeUndefined();
  });
});

describe('requirements', () => {
  it('says what was reached, and whether that is enough', () => {
    const pipeline = requirements(measured).filter(({ bench }) => bench === 'pipeline');
    expect(pipeline.map(({ reached, met }) => [reached, met])).toEqual([
      ['0.80 (0.80 to 0.80)', true],
      ['1.35 (1.20 to 1.50), quick', false],
    ]);
  });

  it('asks nothing of the floor, and does not take it for a peer', () => {
    const floor = requirements(measured).filter(({ bench }) => bench === 'floor');
    expect(floor.map(({ reached, met }) => [reached, met])).toEqual([
      ['0.67 (0.67 to 0.67)', undefined],
      ['1.13 (1.00 to 1.25), quick', undefined],
    ]);
  });

  it('leaves out what was not measured', () => {
    const benches = requirements(measured).map(({ bench }) => bench);
    expect(benches).toEqual(['ceiling', 'pipeline', 'pipeline', 'floor', 'floor']);
  });
});

describe('charts', () => {
  it('draw every variant of what was measured', async () => {
    const [pipeline] = chartsOf(measured);
    const svg = await svgOf(pipeline!);
    for (const name of [
      'bare amqplib (ceiling)',
      'bare amqplib, the same job (floor)',
      'esteira',
      'slow coalesced',
      'quick coalesced',
    ])
      expect(svg).toContain(name);
  });
});
