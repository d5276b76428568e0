// A verifier of your own. Start with it: VERIFIER=module VERIFIER_MODULE=examples/verifier.ts make start
// It runs in worker threads: a loop, a crash or an exit in here costs one attempt of one message.
import type { VerifyOrder } from '@esteira/orders/verifiers';

/** Orders above this go to a person first. A price is text: as a number it would lose cents. */
const LIMIT_IN_CENTS = 100_000n;

export const verify: VerifyOrder = ({ order }, { attempt, maxAttempts }) => {
  if (order.product.trim() === '') {
    // Never right, however often it is tried: a dead letter at once.
    return { kind: 'dead-letter', error: { code: 'no-product', message: 'The order names no product.' } };
  }
  if (!order.security_check) {
    // May be right later: the next attempt follows after the delay, the last one makes it a dead letter.
    const message = `The security check has not passed (attempt ${attempt} of ${maxAttempts}).`;
    return { kind: 'retry', error: { code: 'security-check', message } };
  }
  return { kind: 'succeeded', result: { for_a_person: inCents(order.price) > LIMIT_IN_CENTS } };
};

function inCents(price: string): bigint {
  const [whole = '0', cents = ''] = price.split('.');
  return BigInt(whole + cents.padEnd(2, '0'));
}
