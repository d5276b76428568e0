import { hash } from 'node:crypto';

/**
 * The built-in failure simulation: how many attempts an order takes to succeed. An order that passed its security
 * check takes 1..maxAttempts, spread evenly by a hash of its message id, so that a copy asks the same; one that did
 * not takes one more than it has, and never succeeds. It belongs to the simulated verifier alone.
 */
export function attemptsRequired(messageId: string, securityCheck: boolean, maxAttempts: number): number {
  if (!securityCheck) return maxAttempts + 1;
  // The first 32 bits, by way of the text: a buffer takes three times as long to make.
  return (Number.parseInt(hash('sha256', messageId, 'hex').slice(0, 8), 16) % maxAttempts) + 1;
}
