import { hash } from 'node:crypto';

/**
 * The built-in failure simulation: how many attempts an order takes to succeed. An order that passed its security
 * check takes 1..maxAttempts, spread evenly by a hash of its message id, so that a copy asks the same; one that did
 * not takes one more than it has, and never succeeds. It belongs to the simulated verifier alone.
 */
export function attemptsRequired(messageId: string, securityCheck: boolean, maxAttempts: number): number {
  if (!securityCheck) return maxAttempts + 1;
  return (hash('sha256', messageId, 'buffer').readUInt32BE(0) % maxAttempts) + 1;
}
