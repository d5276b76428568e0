import { describe, expect, it } from 'vitest';
import { consumerState } from '../src/overview/consumer-state.ts';

const still = { succeeded: 0, retry: 0, 'dead-letter': 0, skip: 0, return: 0 };
const takes = { consuming: true, why: undefined };

describe('a consumer', () => {
  it('is idle only while no message is ready for it', () => {
    expect(consumerState(takes, still, 0)).toEqual({ state: 'idle', why: null });
    expect(consumerState(takes, still, 3_000)).toEqual({
      state: 'waiting',
      why: '3,000 messages are ready, and it handles none right now.',
    });
    expect(consumerState(takes, still, undefined).why).toContain('not known');
  });

  it('is working where it handles messages, however many are ready', () => {
    for (const outcome of ['succeeded', 'retry', 'dead-letter', 'skip'] as const) {
      expect(consumerState(takes, { ...still, [outcome]: 1 }, 3_000)).toEqual({ state: 'working', why: null });
    }
  });

  it('that gives back what it takes waits for something, and is not working', () => {
    expect(consumerState(takes, { ...still, return: 5 }, 0).state).toBe('waiting');
  });

  it('says itself what it needs, also while it still takes messages', () => {
    const why = "Can't be used: endput (connect ECONNREFUSED).";
    for (const consuming of [true, false]) {
      const seen = consumerState({ consuming, why }, { ...still, succeeded: 9 }, 3_000);
      expect(seen).toEqual({ state: 'not-ready', why });
    }
    expect(consumerState({ consuming: false, why: undefined }, still, 0).state).toBe('not-ready');
  });
});
