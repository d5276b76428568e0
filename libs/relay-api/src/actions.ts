import { randomUUID } from 'node:crypto';
import { callerNamed, requestIdOf } from '@esteira/http';
import type { Logger } from '@esteira/observability';
import { present } from '@esteira/pipeline';
import { repeatedly } from '@esteira/lease';
import type { ActionLog, SystemAction } from '@esteira/relay';
import type { FastifyRequest } from 'fastify';

/** Who asked, and when. */
export type Asked = Pick<SystemAction, 'at' | 'by' | 'request'>;

/** Who asks now. */
export function askedBy(request: FastifyRequest): Asked {
  return { at: new Date().toISOString(), by: callerNamed(request), ...present({ request: requestIdOf(request) }) };
}

/** Writes down what was done because somebody asked, for the history. */
export interface Actions {
  /** Resolves when it is written, or kept here until Redis takes it: what was done is not undone for that. Never rejects. */
  readonly done: (asked: Asked, action: string, details?: SystemAction['details']) => Promise<void>;
  /** Tries for the last time, and says what could not be written. */
  readonly close: () => Promise<void>;
}

/** How many are kept while Redis is away. */
const MOST_KEPT = 1_000;
/** How often what is kept is tried again, in milliseconds. */
const TRY_AGAIN_MS = 1_000;

/** Writes into the log of the system, in turn. */
export function recordActions(log: Pick<ActionLog, 'append'>, logger: Logger): Actions {
  const kept: SystemAction[] = [];
  const lost = (action: SystemAction) => {
    logger.warn({ ...action }, 'an action is missing in the history: Redis did not take it');
  };
  const write = oneAfterAnother(async () => {
    for (let [first] = kept; first !== undefined; [first] = kept) {
      await log.append(first);
      if (kept[0] === first) kept.shift();
    }
  });
  const stopTrying = repeatedly(TRY_AGAIN_MS, write, () => undefined); // It was told when it was kept.
  return {
    done: async (asked, action, details = {}) => {
      const made: SystemAction = { id: randomUUID(), ...asked, action, details };
      kept.push(made);
      if (kept.length > MOST_KEPT) kept.splice(0, 1).forEach(lost);
      await write().catch((err: unknown) => {
        if (kept.includes(made)) logger.warn({ err, ...made }, 'an action is not in the history before Redis answers');
      });
    },
    close: async () => {
      await stopTrying();
      await write().catch(() => {
        kept.forEach(lost);
      });
    },
  };
}

/** Never at work twice at once; whoever comes meanwhile waits for one that begins afterwards, all for the same. */
function oneAfterAnother(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const begin = () => {
    current = next ?? current;
    next = undefined;
    return work();
  };
  return () => (next ??= current.then(begin, begin));
}
