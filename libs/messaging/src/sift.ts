import type { Channel, ConsumeMessage, GetMessage } from 'amqplib';
import type { WireHeaders } from '@esteira/pipeline';
import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import { withPermission } from './permissions.ts';
import { readyIn } from './ready-now.ts';

/** A message that is looked at: what tells which one it is. Its body is not kept. */
export interface SiftedMessage {
  readonly messageId: string | undefined;
  readonly headers: WireHeaders;
}

/** What a pass over a queue came to. */
export interface Sifted {
  readonly looked: number;
  readonly removed: number;
}

/** What is taken on one channel before the next is opened. */
const PORTION = 10_000;
/** A queue that gives nothing for this long, in milliseconds, is asked whether it has anything left. */
const SILENCE_MS = 300;
/** So often in a row; then somebody else holds its messages. */
const MOST_SILENCES = 20;

/** Messages that stay in the queue, held until the pass is over. */
interface Portion {
  readonly channel: Channel;
  readonly looked: number;
  readonly removed: number;
}

/**
 * Goes once over what a queue holds, and removes the messages that `isDone` says are done. What stays is held
 * until the end, unacknowledged, and then given back: so no message comes twice, and nothing is published anew. The
 * order of what stays may change, and each pass spends one delivery of it: for queues that bear both. What another
 * connection holds at the moment is not seen; that of a process which died comes back within moments.
 *
 * Memory grows by what the caller keeps of each message that stays, and by a portion of ids and headers, not by bodies.
 * When the connection is lost the broker gives back everything by itself, and this rejects; what was removed stays
 * removed.
 */
export async function sift(
  broker: Broker,
  queue: string,
  isDone: (messages: readonly SiftedMessage[]) => Promise<readonly boolean[]>,
  portion = PORTION,
): Promise<Sifted> {
  const portions: Portion[] = [];
  const total = (of: (one: Portion) => number) => portions.reduce((sum, one) => sum + of(one), 0);
  try {
    // What comes back or is added meanwhile is looked at too, but not for ever.
    let bound = Infinity;
    for (;;) {
      const ready = await readyIn(broker, queue);
      if (bound === Infinity) bound = 2 * ready;
      const most = Math.min(portion, ready, bound - total(({ looked }) => looked));
      if (most <= 0) break;
      const next = await siftPortion(broker, queue, isDone, most);
      portions.push(next);
      if (next.looked === 0) break;
    }
    // While all that stays is still held, so that nothing of it comes meanwhile.
    for (const { channel, removed } of portions) if (removed > 0) await untilSettled(channel, queue);
    return { looked: total(({ looked }) => looked), removed: total(({ removed }) => removed) };
  } catch (error) {
    throw withPermission(error, broker, 'read', `queue ${queue}`);
  } finally {
    for (const { channel } of portions) await giveBack(channel);
  }
}

async function siftPortion(
  broker: Broker,
  queue: string,
  isDone: Parameters<typeof sift>[2],
  most: number,
): Promise<Portion> {
  const channel = await broker.channel();
  try {
    const taken = await take(broker, channel, queue, most);
    const done = await isDone(taken.map(({ message }) => message));
    let removed = 0;
    for (const [index, { tag }] of taken.entries()) {
      if (done[index] !== true) continue;
      channel.ack({ fields: { deliveryTag: tag } } as GetMessage);
      removed += 1;
    }
    return { channel, looked: taken.length, removed };
  } catch (error) {
    await giveBack(channel);
    throw error;
  }
}

/**
 * Beyond some dozens on their way to a quorum queue, RabbitMQ holds acks back in the process of their channel until the queue
 * has answered for the first. When the channel closes it forgets them, and gives the messages back: of 2,000 up to 1,700
 * (3.10.8). A consumer that comes and goes on the same channel is answered behind them. What it may get goes back at once.
 */
async function untilSettled(channel: Channel, queue: string): Promise<void> {
  await channel.prefetch(1);
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message !== null) channel.nack(message);
  });
  await channel.cancel(consumerTag);
}

interface Taken {
  readonly tag: number;
  readonly message: SiftedMessage;
}

/** Takes `most` messages, or what there is. */
async function take(broker: Broker, channel: Channel, queue: string, most: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  const { promise: over, resolve, reject } = Promise.withResolvers<undefined>();
  over.catch(() => undefined); // Where RabbitMQ refuses to hand out anything, nobody waits for it yet.
  const onClose = () => {
    reject(new Error(`The channel that looked through ${queue} closed.`));
  };
  channel.once('close', onClose);
  let seen = 0;
  let silences = 0;
  const ask = async () => {
    if ((await readyIn(broker, queue)) === 0) resolve(undefined);
  };
  const timer = setInterval(() => {
    silences = taken.length > seen ? 0 : silences + 1;
    seen = taken.length;
    if (silences >= MOST_SILENCES) resolve(undefined);
    else if (silences > 0) ask().catch(reject);
  }, SILENCE_MS);
  try {
    await channel.prefetch(most);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message !== null) taken.push({ tag: message.fields.deliveryTag, message: siftedOf(message) });
      // Null: the queue was deleted, and nothing more will come.
      if (message === null || taken.length >= most) resolve(undefined);
    });
    await over;
    await channel.cancel(consumerTag);
    return taken;
  } finally {
    clearInterval(timer);
    channel.off('close', onClose);
  }
}

/** Without its body. */
function siftedOf({ properties }: ConsumeMessage): SiftedMessage {
  const id: unknown = properties.messageId;
  return { messageId: typeof id === 'string' ? id : undefined, headers: properties.headers ?? {} };
}

/** The broker gives back by itself what a channel held that is gone. */
async function giveBack(channel: Channel): Promise<void> {
  try {
    channel.nackAll(true);
    await closeChannel(channel);
  } catch {
    // It is gone: so is what it held.
  }
}
