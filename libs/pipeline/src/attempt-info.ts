/** What the attempt log's `status` may be. */
export type AttemptStatus = 'succeeded' | 'failed' | 'dead-lettered' | 'invalid';

/** The sentence the attempt log keeps for people. */
export function attemptInfo(status: AttemptStatus, attempt: number, maxAttempts: number): string {
  switch (status) {
    case 'succeeded':
      return `SUCCESS at the ${attempt} attempt.`;
    case 'failed':
      return `It was not successful at the ${attempt} attempt.`;
    case 'dead-lettered':
    case 'invalid':
      return `FAIL to process message - will send to DLQ. Attempt: ${attempt}/${maxAttempts}`;
  }
}
