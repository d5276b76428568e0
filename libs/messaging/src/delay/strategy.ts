import type { OutgoingMessage, RetryPolicy } from '@esteira/pipeline';
import type { Topology } from '../topology.ts';

/** Why a strategy can't do what a policy asks. */
export interface Refusal {
  readonly why: string;
}

/** Where a retry waits. `hand()` resolves only when the broker has the message safely. */
export interface DelayStrategy {
  readonly name: 'wait-queue' | 'delayed-exchange';
  /** What it needs on the broker for a policy. */
  topology(policy: RetryPolicy): Topology;
  /** Whether it can keep the delays of a policy, and its jitter. */
  canExpress(policy: RetryPolicy): true | Refusal;
  /** Hands messages over to come back to their lanes after `delayMs`. @throws when any of them is not safe. */
  hand(messages: readonly OutgoingMessage[], delayMs: number): Promise<void>;
}
