import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Sampled } from '../src/overview/sampled.ts';

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const inFakeTime = () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
};

describe('a question of the overview', () => {
  it('is asked again soon after an answer that took long: one slow answer does not stand for half a minute', async () => {
    inFakeTime();
    let count = 0;
    const sampled = new Sampled(() => sleep(2_000).then(() => (count += 1)));
    void sampled.refresh();
    await vi.advanceTimersByTimeAsync(2_000);
    await vi.advanceTimersByTimeAsync(4_900);
    await sampled.refresh();
    expect(sampled.value).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    void sampled.refresh();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sampled.value).toBe(2);
  });

  it('is asked again sooner where somebody has acted, however long its answers take', async () => {
    inFakeTime();
    let count = 0;
    const sampled = new Sampled(() => sleep(500).then(() => (count += 1)));
    for (const again of [1, 2, 3]) {
      void sampled.refresh(1_000);
      await vi.advanceTimersByTimeAsync(500);
      expect(sampled.value).toBe(again);
      await vi.advanceTimersByTimeAsync(1_000);
    }
  });

  it('costs its server a twentieth of the time where answers are quick', async () => {
    inFakeTime();
    const ask = vi.fn(() => sleep(50));
    const sampled = new Sampled(ask);
    for (let ms = 0; ms < 10_000; ms += 50) {
      void sampled.refresh();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(ask.mock.calls.length).toBeLessThanOrEqual(10);
    expect(ask.mock.calls.length).toBeGreaterThan(7);
  });

  it('is not asked again while its server is still at work on it, however late that is', async () => {
    inFakeTime();
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
