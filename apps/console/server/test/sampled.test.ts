import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Sampled } from '../src/overview/sampled.ts';

describe('a question of the overview', () => {
  it('is not asked again while its server is still at work on it, however late that is', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { promise, resolve } = Promise.withResolvers<number>();
    const ask = vi.fn(() => promise);
    const sampled = new Sampled(ask);
    const first = sampled.refresh();
    await vi.advanceTimersByTimeAsync(3_000);
    await first;
    expect(sampled.error).toBe('no answer within 3000 ms');
    await sampled.refresh();
    expect(ask).toHaveBeenCalledTimes(1);
    resolve(1);
    await vi.advanceTimersByTimeAsync(0);
    await sampled.refresh();
    expect(ask).toHaveBeenCalledTimes(2);
    expect(sampled).toMatchObject({ value: 1, error: undefined });
  });
});
