import { beginTrial, endTrial, suspects as suspectsAmong, type CrashesCounted } from '@esteira/dead-letters';
import type { BatchHandler, Delivery, Settlement } from '@esteira/messaging';
import type { Logger } from '@esteira/observability';
import { contentId, HEADER, type Codec } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import type { ExclusiveLock } from './exclusive-lock.ts';
import type { RunningSuspects } from './running-suspects.ts';
import { BESIDE_BUDGET, CRASH_BUDGET, suspicionOf } from './suspicion.ts';

/** What a message meets, by how often it ended its consumer. */
export interface Handlers {
  /** Handles messages as usual. */
  readonly usual: BatchHandler;
  /** Makes dead letters of messages that end their consumer; decodes them, and runs nothing of theirs. */
  readonly giveUp: BatchHandler;
  /** The same without decoding: for a message that ends its consumer even so. */
  readonly giveUpUnread: BatchHandler;
}

export interface Isolation {
  readonly handlers: Handlers;
  readonly endput: Sql;
  readonly pipeline: string;
  readonly originOf: Codec<unknown>['originOf'];
  /** Shared by all queues of the process: alone means alone in the process. */
  readonly lock: ExclusiveLock;
  /** Shared by all queues of the process too. */
  readonly suspects: RunningSuspects;
  readonly logger: Logger;
}

/**
 * Keeps one message that kills its consumer from taking its neighbours along. What comes back after a crash is marked
 * before it is handled again; what was marked when another crash came is a suspect, and is handled alone until the one
 * that kills the process is found. A kill from outside only costs a suspect its company, never an attempt.
 *
 * Where a message may run for hours, the lock lets others in after a while. A suspect that is still there then does not end
 * its consumer at once, so crashes before that count no more. One that comes later counts for less: a fifth, and only
 * while no other suspect runs beside it.
 */
export function isolating({ handlers, endput, pipeline, originOf, lock, suspects, logger }: Isolation): BatchHandler {
  const trials = new Trials(endput, pipeline, suspects, logger);
  return async (batch, done) => {
    const known = await lock.lookUp(() => trials.suspects(batch.filter(({ redelivered }) => redelivered)));
    const calm = batch.filter((delivery) => !known.has(delivery));
    const settled = new Map<Delivery, Settlement | undefined>();
    const settle = (deliveries: readonly Delivery[], settlements: readonly Settlement[]) => {
      for (const [index, delivery] of deliveries.entries()) settled.set(delivery, settlements[index]);
    };
    const returned = calm.filter(({ redelivered }) => redelivered);
    if (calm.length > 0) {
      await lock.shared(() =>
        trials.together(returned, async () => {
          settle(calm, await handlers.usual(calm, done));
        }),
      );
    }
    for (const [delivery, crashes] of [...known].sort(([, one], [, other]) => suspicionOf(other) - suspicionOf(one))) {
      const handling = handlingOf(crashes);
      const about = { ...described(delivery, pipeline, originOf), crashes: crashes.alone, beside: crashes.beside };
      if (handling === 'usual') logger.warn(about, 'handling a message alone that was there when a consumer ended');
      else logger.error(about, 'giving up a message that ends its consumer');
      await lock.exclusive(
        () =>
          trials.alone(delivery, async () => {
            settle([delivery], await handlers[handling]([delivery], done));
          }),
        // What is given up runs no handler: an end of it tells nothing new.
        () => (handling === 'usual' ? trials.besideOthers(delivery) : Promise.resolve()),
        crashes,
      );
    }
    return batch.map((delivery) => settled.get(delivery) ?? unsettled);
  };
}

/** What a line about a message says of it. Found without reading the body: reading it may be what ends the process. */
function described({ messageId, headers }: Delivery, pipeline: string, originOf: Isolation['originOf']): object {
  const origin = messageId === undefined ? undefined : originOf(messageId);
  return { message_id: messageId, pipeline, origin, attempt: headers[HEADER.attempt] };
}

const unsettled: Settlement = { kind: 'return', fault: { code: 'unsettled', message: 'The message was not settled.' } };

/** What a suspect meets: it is given up after so many crashes, and unread where that ends its consumer too. Pure. */
export function handlingOf({ alone, beside }: CrashesCounted): keyof Handlers {
  if (alone > CRASH_BUDGET) return 'giveUpUnread';
  return alone === CRASH_BUDGET || beside >= BESIDE_BUDGET ? 'giveUp' : 'usual';
}

/** The rows that tell a crash: committed before a handling, removed after it. */
class Trials {
  readonly #sql: Sql;
  readonly #pipeline: string;
  readonly #suspects: RunningSuspects;
  readonly #logger: Logger;
  /** Trials that ended while the endput could not be told. This process lives, so they were no crash. */
  #untold: string[] = [];

  constructor(sql: Sql, pipeline: string, suspects: RunningSuspects, logger: Logger) {
    this.#sql = sql;
    this.#pipeline = pipeline;
    this.#suspects = suspects;
    this.#logger = logger;
  }

  async suspects(returned: readonly Delivery[]): Promise<Map<Delivery, CrashesCounted>> {
    if (returned.length === 0) return new Map();
    if (this.#untold.length > 0) await this.#end([]);
    const keys = new Map(returned.map((delivery) => [delivery, keyOf(delivery)]));
    const crashes = await suspectsAmong(this.#sql, [...keys.values()]);
    return new Map(
      returned.flatMap((delivery) => {
        const count = crashes.get(keys.get(delivery) ?? '');
        return count === undefined ? [] : [[delivery, count]];
      }),
    );
  }

  async together(returned: readonly Delivery[], work: () => Promise<void>): Promise<void> {
    if (returned.length === 0) return work();
    const keys = returned.map(keyOf);
    await beginTrial(this.#sql, this.#pipeline, keys);
    await this.#during(keys, work);
  }

  async alone(delivery: Delivery, work: () => Promise<void>): Promise<void> {
    const key = keyOf(delivery);
    try {
      await this.#suspects.begin(this.#sql, this.#pipeline, key);
      await this.#during([key], work);
    } finally {
      this.#suspects.end(key);
    }
  }

  /** Others run beside a suspect from now on: what ends the process may be another. */
  async besideOthers(delivery: Delivery): Promise<void> {
    try {
      await this.#suspects.outlast(this.#sql, keyOf(delivery));
    } catch (err) {
      this.#logger.warn({ err, message_id: delivery.messageId }, 'a crash would count against this message alone');
    }
  }

  /** Where the work and the end of its trials both fail, the first fault is the one that is told. */
  async #during(keys: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#end(keys).catch((err: unknown) => {
        this.#logger.warn({ err, trials: keys.length }, 'trials ended and could not be removed; it is tried again');
      });
      throw error;
    }
    await this.#end(keys);
  }

  async #end(keys: readonly string[]): Promise<void> {
    const ended = [...this.#untold, ...keys];
    this.#untold = ended;
    await endTrial(this.#sql, ended);
    this.#untold = this.#untold.filter((key) => !ended.includes(key));
  }
}

/** Found without reading the body: reading it may be what ends the process. */
function keyOf({ body, messageId }: Delivery): string {
  return contentId(body, messageId ?? null);
}
