import type { Logger } from '@esteira/observability';
import type { Delivery } from './delivery.ts';

/** How many ids a line of the log names. */
const MOST_TOLD = 10;

/**
 * Tells, once of each, of messages that the broker takes back while they are in work: an attempt that is made twice
 * leaves a trace.
 */
export class TakenBack {
  readonly #queue: string;
  readonly #logger: Logger;
  readonly #told = new Set<Delivery>();

  constructor(queue: string, logger: Logger) {
    this.#queue = queue;
    this.#logger = logger;
  }

  tell(inWork: Iterable<Delivery>): void {
    const untold = [...inWork].filter((delivery) => !this.#told.has(delivery));
    if (untold.length === 0) return;
    for (const delivery of untold) this.#told.add(delivery);
    const messageIds = untold.slice(0, MOST_TOLD).map(({ messageId }) => messageId);
    this.#logger.warn(
      { queue: this.#queue, inWork: untold.length, messageIds },
      'RabbitMQ took back messages while they were in work; they are delivered again, and an attempt that is not logged by then is made again',
    );
  }
}
