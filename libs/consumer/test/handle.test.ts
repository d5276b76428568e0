import { ordersDefinition } from '@esteira/orders/consumer';
import { orderMessages } from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import type { Handler } from '@esteira/pipeline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { decoder } from '../src/stages/decode.ts';
import { handle } from '../src/stages/handle.ts';
import { AttemptSlots } from '../src/attempt-slots.ts';

const definition = ordersDefinition(['system-1'], simulatedVerifier);

const toMessage = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const created_at = '2026-01-01T00:00:00+00:00';
const batchOf = (count: number) =>
  decoder(definition)(
    Array.from({ length: count }, (_, index) => {
      const order = { id: String(index + 1), product: 'p', price: '1.00', created_at, security_check: true };
      return { ...toMessage(order, { maxAttempts: 5 }), tag: index + 1, redelivered: false };
    }),
  );

/** Answers after so long, two at a time. */
const slow = (ms: number): Handler<unknown> => ({
  name: 'slow',
  concurrency: 2,
  handle: () =>
    new Promise((resolve) => {
      setTimeout(resolve, ms, { kind: 'succeeded' });
    }),
});

async function outcomesOf(handler: Handler<unknown>, count: number, timeoutMs: number): Promise<string[]> {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const slots = new AttemptSlots(handler.concurrency);
  const over = handle(batchOf(count), { handler, timeoutMs, slots, now: () => new Date() });
  await vi.runAllTimersAsync();
  return (await over).map(({ outcome, durationMs }) => `${outcome.kind} after ${durationMs} ms`);
}

describe('an attempt that waits for a slot', () => {
  it('has its whole time, however long it waited', async () => {
    expect(await outcomesOf(slow(900), 20, 1_000)).toEqual(Array(20).fill('succeeded after 900 ms'));
  });

  it('is spent when its own time is over', async () => {
    expect(await outcomesOf(slow(1_100), 6, 1_000)).toEqual(Array(6).fill('retry after 1000 ms'));
  });
});
