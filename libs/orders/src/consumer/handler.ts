import type { Handler, HandlerOutcome } from '@esteira/pipeline';
import type { OrderMessage, Verifier } from '../domain/index.ts';

/** A verifier as a handler. */
export function verifying(verifier: Verifier): Handler<OrderMessage> {
  const { name, concurrency } = verifier;
  return {
    name,
    ...(concurrency === undefined ? {} : { concurrency }),
    handle: (message, context) => {
      try {
        const answer = verifier.verify(message, context);
        return answer instanceof Promise ? answer.catch(thrown) : answer;
      } catch (error) {
        return thrown(error);
      }
    },
    check: async () => {
      await verifier.check?.();
    },
    close: async () => {
      await verifier.close?.();
    },
  };
}

/** A verifier that throws has failed this attempt, under a code that dead letters have been grouped by ever since. */
function thrown(error: unknown): HandlerOutcome {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'retry', error: { code: 'verifier-threw', message } };
}
