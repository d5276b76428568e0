import { TopologyMismatch } from '@esteira/messaging';
import type { Pipeline } from '@esteira/pipeline';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdProblem, insistOnHold } from '../src/hold.ts';
import { parcelsPipeline } from './support/parcels.ts';
import { openWorld } from './support/world.ts';

const HALF_AN_HOUR = 1_800_000;
const AN_HOUR = 3_600_000;
const declared: Pipeline = { ...parcelsPipeline, limits: { express: { holdMs: AN_HOUR } } };
const express = (holdMs: number) => ({ name: 'express', intake: { holdMs } });
const at = (version: string, consumerTimeoutMs = HALF_AN_HOUR) => ({ version, consumerTimeoutMs });

describe('a lane that may hold a message for longer than RabbitMQ lets it', () => {
  it.each(['3.10.8', '4.0.5', '4.3.6'])('is refused on %s, with lane, limit and what to set', (version) => {
    const start = () => {
      insistOnHold(parcelsPipeline, [express(AN_HOUR)], at(version));
    };
    expect(start).toThrow(TopologyMismatch);
    expect(start).toThrow(
      `Lane parcels.express may hold a message for 3600000 ms, and RabbitMQ ${version} takes it back after 1800000 ms`,
    );
    expect(start).toThrow('RABBITMQ_CONSUMER_TIMEOUT_MS=3600000');
  });

  it('is let be where its queue is declared for as long, on versions that take notice, and where RabbitMQ is set so', () => {
    expect(holdProblem(declared, express(AN_HOUR), at('4.0.5'))).toBeUndefined();
    expect(holdProblem(declared, express(AN_HOUR), at('3.11.15'))).toBeUndefined();
    expect(holdProblem(declared, express(AN_HOUR), at('3.11.14'))).toContain('takes no notice');
    expect(holdProblem(declared, express(AN_HOUR), at('3.10.8'))).toContain('before 3.11.15');
    expect(holdProblem(declared, express(AN_HOUR), at('3.10.8', AN_HOUR))).toBeUndefined();
    expect(holdProblem(declared, express(AN_HOUR + 1), at('4.3.6'))).toContain('is declared for 3600000 ms');
  });

  it('ends the start of its consumer, before anything is taken', async () => {
    const world = await openWorld();
    onTestFinished(() => world.close());
    const scales = { name: 'scales', handle: () => ({ kind: 'succeeded' as const }) };
    const started = world.start(scales, { settings: { RABBITMQ_CONSUMER_TIMEOUT_MS: 600_000 } });
    await expect(started).rejects.toThrow('Lane parcels.express may hold a message for 601000 ms');
  });

  it('is the only one: what fits is never refused', () => {
    fc.assert(
      fc.property(fc.constantFrom('3.10.8', '3.13.7', '4.3.6'), fc.nat(HALF_AN_HOUR), (version, holdMs) => {
        expect(holdProblem(parcelsPipeline, express(holdMs), at(version))).toBeUndefined();
      }),
    );
  });
});
