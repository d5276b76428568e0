import type { Verifier } from '../domain/index.ts';

/** Succeeds at the attempt that the message asks for in `processing.attempts_required`. */
export const simulatedVerifier: Verifier = {
  name: 'simulated',
  verify({ processing }, { attempt }) {
    if (attempt.attempt >= processing.attempts_required) return { kind: 'succeeded' };
    return {
      kind: 'retry',
      error: {
        code: processing.attempts_required > attempt.maxAttempts ? 'security-check-failed' : 'simulated-failure',
        message:
          processing.attempts_required > attempt.maxAttempts
            ? 'The order did not pass its security check.'
            : `Simulated failure: this order succeeds at attempt ${processing.attempts_required}.`,
      },
    };
  },
};
