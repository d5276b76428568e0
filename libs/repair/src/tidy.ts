import { closedMirrors, type Mirror } from '@esteira/dead-letters';
import { names, sift, type Broker, type Sifted, type SiftedMessage } from '@esteira/messaging';
import { HEADER, MAX_ROUND, type Pipeline } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';

/**
 * Takes out of RabbitMQ's queue of dead letters what is no longer open: it then shows what the table shows, each death
 * once. Harmless at any time, beside consumers and other passes too. It remembers the id and the round of each that stays,
 * about 100 bytes, until the pass is over.
 */
export function tidyDeadLetterQueue(pipeline: Pipeline, broker: Broker, endput: Sql): Promise<Sifted> {
  const kept = new Set<string>();
  return sift(broker, names.deadLetterQueue(pipeline), async (messages) => {
    const mirrors = messages.map(mirrorOf);
    const closed = await closedMirrors(endput, pipeline.name, mirrors);
    return mirrors.map((mirror, index) => {
      if (closed[index] === true) return true;
      if (mirror.messageId === undefined) return false;
      // A consumer that ended before its ack left another mirror of the same death.
      const death = `${mirror.messageId}:${mirror.round}`;
      const isCopy = kept.has(death);
      kept.add(death);
      return isCopy;
    });
  });
}

function mirrorOf({ messageId, headers }: SiftedMessage): Mirror {
  const round = headers[HEADER.round];
  const isRound = typeof round === 'number' && Number.isInteger(round) && round >= 1 && round <= MAX_ROUND;
  return { messageId, round: isRound ? round : 1 };
}
