import { resultOf, type CheckResult } from './checks/result.ts';
import { ordersPipeline } from '@esteira/orders/domain';
import { republishedOrders } from '@esteira/orders/source';
import { HEADER, type OutgoingMessage } from '@esteira/pipeline';
import { settled, type SettleOptions } from './watch.ts';

/** Dead letters that are sent back, at most; never more than half of them. */
const REDRIVEN = 200;

interface Redriven {
  readonly system: string;
  readonly id: string;
  readonly round: number;
}

/**
 * Sends dead letters back for another round, each between late copies of its last one, as a crash may leave them. What
 * became of them is a matter of the checks: an answer says only why settling was given up.
 */
export async function redriveAmongLateCopies(options: SettleOptions): Promise<string | undefined> {
  const { arena, connections, hand, signal } = options;
  const maxAttempts = arena.settings.MAX_ATTEMPTS;
  const rows = await connections.endput.query<Redriven>(
    `update dead_letters set state = 'redriven', round = round + 1, history = history || '[{"action": "redriven"}]'
      where message_id in (select message_id from dead_letters
                            where pipeline = $1 and state = 'dead' and reason = 'attempts-exhausted'
                            order by message_id desc
                            limit (select least($2::int, 1 + count(*) / 2) from dead_letters where state = 'dead' and origin is not null))
      returning origin as system, key as id, round`,
    [ordersPipeline.name, REDRIVEN],
  );
  for (const { name, source } of connections.systems) {
    const ours = rows.filter(({ system }) => system === name);
    const made = await republishedOrders(source, name, ours, maxAttempts);
    const again = made.map(({ message }) => message);
    const late = again.map((message) => lateCopy(message, maxAttempts));
    await hand.publish([...late, ...again, ...late], signal);
  }
  return settled(options);
}

/** Sums up what the checks found once the dead letters had been sent back. Pure. */
export function redriven(checks: readonly CheckResult[]): CheckResult {
  return resultOf(
    {
      guarantee: 'Dead letters that are sent back come to rest in their new round, whatever late copies do',
      how: 'up to half of the dead letters were redriven, each between copies of its last message; then everything above was checked once more',
    },
    checks.reduce((sum, { looked }) => sum + looked, 0),
    checks.flatMap(({ guarantee, problems }) => problems.map((problem) => `${guarantee}: ${problem}`)),
  );
}

/** The last message of the round before. */
function lateCopy(message: OutgoingMessage, maxAttempts: number): OutgoingMessage {
  const round = Number(message.headers[HEADER.round]) - 1;
  return { ...message, headers: { ...message.headers, [HEADER.round]: round, [HEADER.attempt]: maxAttempts } };
}
