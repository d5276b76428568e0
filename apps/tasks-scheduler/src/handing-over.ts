import { outageOf, type Logger } from '@esteira/observability';
import type { OutgoingMessage, Publish } from '@esteira/pipeline';

/** What is to be published of a handover, and what came of it. */
export interface HandingOver {
  /**
   * Publishes, and answers whether the broker has confirmed all of it: then it is among the next `confirmed`. Never
   * rejects.
   */
  handOver(handoverId: string, messages: readonly OutgoingMessage[]): Promise<boolean>;
  /** Takes the handovers that were confirmed since: the store may forget them. */
  confirmed(): string[];
  /** They could not be forgotten: they are among the next. */
  keep(handoverIds: readonly string[]): void;
  /** How many messages wait for the broker. */
  readonly unconfirmed: number;
}

/** What is not confirmed stays in the store, and is handed over again by whoever finds it there. */
export function startHandingOver(publish: Publish, logger: Logger): HandingOver {
  let confirmed: string[] = [];
  let unconfirmed = 0;
  const outage = outageOf('rabbitmq', logger);
  return {
    handOver: async (handoverId, messages) => {
      unconfirmed += messages.length;
      try {
        const outcomes = await publish(messages);
        outage.answered();
        const taken = outcomes.filter((outcome) => outcome === 'confirmed').length;
        const isAll = taken === messages.length;
        if (isAll) confirmed.push(handoverId);
        else
          logger.warn(
            { handoverId, taken, of: messages.length },
            'the broker did not take all tasks; they are sent again',
          );
        return isAll;
      } catch (error) {
        outage.failed(error);
        return false;
      } finally {
        unconfirmed -= messages.length;
      }
    },
    confirmed: () => {
      const taken = confirmed;
      confirmed = [];
      return taken;
    },
    keep: (handoverIds) => {
      confirmed.push(...handoverIds);
    },
    get unconfirmed() {
      return unconfirmed;
    },
  };
}
