import { createHash } from 'node:crypto';
import type { Poison } from '../ledger.ts';
import type { Facts } from './facts.ts';
import { resultOf, type CheckResult } from './result.ts';

/** Every poison message is one dead letter, with the bytes it was sent with. Pure. */
export function poisonBuried({ letters }: Pick<Facts, 'letters'>, poison: readonly Poison[]): CheckResult {
  const unidentified = letters.filter(({ system }) => system === null);
  const byBody = Map.groupBy(unidentified, ({ body }) => body);
  const sent = new Map(poison.map((one) => [createHash('md5').update(one.body).digest('hex'), one]));
  const problems = [
    ...[...sent].flatMap(([body, { kind }]) => {
      const found = byBody.get(body) ?? [];
      if (found.length !== 1) return [`${kind}: ${found.length} dead letters have its bytes`];
      const [letter] = found;
      return letter?.reason === 'invalid' ? [] : [`${kind}: dead of ${letter?.reason ?? 'nothing'}`];
    }),
    ...unidentified
      .filter(({ body }) => !sent.has(body))
      .map(({ messageId }) => `${messageId}: a dead letter of an unknown message with bytes that nobody sent`),
  ];
  return resultOf(
    {
      guarantee: 'A poison message is a dead letter, once, with its bytes unchanged',
      how: 'the MD5 of the bytes sent was looked up among the dead letters that tell of no system, and the other way round',
    },
    poison.length,
    problems,
  );
}

/**
 * The queue of dead letters mirrors the table. Pure. A letter that was superseded by a stored copy, or redriven, may
 * still lie there.
 */
export function mirrorEqual({ letters }: Pick<Facts, 'letters'>, queued: ReadonlySet<string>): CheckResult {
  const dead = letters.filter(({ state }) => state === 'dead');
  const known = new Set(letters.map(({ messageId }) => messageId));
  const problems = [
    ...dead.filter(({ messageId }) => !queued.has(messageId)).map(({ messageId }) => `${messageId}: not in the queue`),
    ...[...queued].filter((id) => !known.has(id)).map((id) => `${id}: in the queue, not in the table`),
  ];
  return resultOf(
    {
      guarantee: 'The queue of dead letters holds the ids of the table',
      how: 'all messages of orders.dead-letter were read, and their distinct ids compared with the table, both ways',
    },
    dead.length,
    problems,
  );
}
