/** The least number of messages that go before the others. */
const LEAST_CANARIES = 20;
const CANARY_SHARE = 0.01;

/** How many of `count` go before the others: 1 %, at least 20. Pure. */
export function canarySize(count: number): number {
  return Math.min(count, Math.max(LEAST_CANARIES, Math.ceil(count * CANARY_SHARE)));
}

/** What is known of the messages that a job has sent. */
export interface Sent {
  readonly sent: number;
  /** Dead again. */
  readonly failed: number;
  /** Stored. */
  readonly stored: number;
}

/** The canaries tell nothing yet, they let the others go, or too many are dead again. */
export type Verdict = 'wait' | 'go' | 'stop';

/**
 * Judges the canaries: `stop` once more than `share` of them failed, `go` once no more than that still can. Pure.
 *
 * @param share 0..1
 */
export function canaryVerdict({ sent, failed, stored }: Sent, share: number): Verdict {
  const bearable = share * sent;
  if (failed > bearable) return 'stop';
  return sent - stored <= bearable ? 'go' : 'wait';
}

/** Whether more than `share` of what was sent is dead again; measured by the canaries while fewer were sent. Pure. */
export function isTooMuch(sent: number, failed: number, canaries: number, share: number): boolean {
  return share < 1 && failed > share * Math.max(sent, canaries);
}
