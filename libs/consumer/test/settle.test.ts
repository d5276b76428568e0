import type { AttemptLog } from '@esteira/attempt-log';
import type { DelayStrategy } from '@esteira/messaging';
import { ordersDefinition } from '@esteira/orders/consumer';
import { orderMessages, type OrderMessage } from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import { HEADER, type PublishOutcome } from '@esteira/pipeline';
import { describe, expect, it } from 'vitest';
import { decoder } from '../src/stages/decode.ts';
import { deadLetterOf } from '../src/stages/dead-letter.ts';
import { settle } from '../src/stages/settle.ts';
import type { Decided, Stored } from '../src/work.ts';

const definition = ordersDefinition(['system-1'], simulatedVerifier);

const now = new Date('2026-01-01T00:00:00Z');
const error = { code: 'c', message: 'm' };
const publisher = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const decode = decoder(definition);

function decided(id: number, rest: Pick<Decided<OrderMessage>, 'outcome' | 'decision'>): Decided<OrderMessage> {
  const created_at = '2026-01-01T00:00:00+00:00';
  const order = { id: String(id), product: 'p', price: '1.00', created_at, security_check: true };
  const message = publisher(order, { maxAttempts: 5 });
  const [decoded] = decode([
    { ...message, tag: id, redelivered: false, headers: { ...message.headers, [HEADER.attempt]: 1 } },
  ]);
  return { ...decoded!, ...rest, startedAt: now, durationMs: 1 };
}

const stored = (id: number): Stored<OrderMessage> =>
  decided(id, { outcome: { kind: 'succeeded' }, decision: { kind: 'store' } });
const waiting = (id: number, delayMs = 1): Stored<OrderMessage> =>
  decided(id, { outcome: { kind: 'retry', error }, decision: { kind: 'wait', delayMs, dueAt: now, error } });
function dead(id: number): Stored<OrderMessage> {
  const work = decided(id, {
    outcome: { kind: 'dead-letter', error },
    decision: { kind: 'dead-letter', reason: 'refused', error },
  });
  return { ...work, deadLetter: deadLetterOf(work, [], { ...definition, worker: 'w' }, now) };
}

/** Settles a batch of one success, two retries with delays of their own, and a dead letter; notes what is done when. */
function settling() {
  const steps: string[] = [];
  const [first, second, letter] = [1, 2, 3].map(() => Promise.withResolvers<undefined>());
  const attemptLog = { record: () => Promise.resolve(steps.push('logged')) } as unknown as AttemptLog;
  const delay = {
    hand: (_: unknown, delayMs: number) => (delayMs === 1 ? first : second)!.promise,
  } as unknown as DelayStrategy;
  const publishDeadLetters = async (): Promise<PublishOutcome[]> => {
    await letter!.promise;
    return ['confirmed'];
  };
  const over = settle(
    [waiting(1, 1), stored(2), waiting(3, 2), dead(4)],
    { ...definition, attemptLog, logTtlSeconds: 60, delay, publishDeadLetters, worker: 'w', now: () => now },
    (deliveries) => steps.push(`done ${deliveries.map(({ tag }) => tag).join()}`),
  );
  over.then(
    () => steps.push('over'),
    () => steps.push('failed'),
  );
  return { over, steps, first: first!, second: second!, letter: letter! };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('a batch whose hand-overs are not confirmed', () => {
  it('is done with what it stored as soon as that is logged, while the broker holds publishers back', async () => {
    const { steps } = settling();
    await soon();
    expect(steps).toEqual(['logged', 'done 2']);
  });

  it('is done with each hand-over when that is confirmed', async () => {
    const { over, steps, first, second, letter } = settling();
    await soon();
    letter.resolve(undefined);
    await soon();
    second.resolve(undefined);
    await soon();
    first.resolve(undefined);
    expect(await over).toHaveLength(4);
    expect(steps).toEqual(['logged', 'done 2', 'done 4', 'done 3', 'done 1', 'over']);
  });

  it('fails over one of them only when the others are over: what is given back is not under way', async () => {
    const { over, steps, first, second, letter } = settling();
    first.reject(new Error('refused'));
    second.resolve(undefined);
    await soon();
    expect(steps).toEqual(['logged', 'done 2', 'done 3']);
    letter.resolve(undefined);
    await expect(over).rejects.toThrow('refused');
    expect(steps).toEqual(['logged', 'done 2', 'done 3', 'done 4', 'failed']);
  });
});
