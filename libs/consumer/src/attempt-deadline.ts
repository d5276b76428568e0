import type { Outcome } from '@esteira/pipeline';

/** The time that an attempt has: it ends with the limit, or when the consumer stops without waiting any longer. */
export class AttemptDeadline {
  readonly signal: AbortSignal;
  /** What an attempt comes to that outlives its time: spent at the limit, not spent at a stop. */
  readonly ended: Promise<Outcome>;
  readonly #timer: NodeJS.Timeout;
  readonly #cut: AbortSignal;
  readonly #onCut: () => void;

  constructor(timeoutMs: number, cut: AbortSignal) {
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const end = (outcome: Outcome) => {
      resolve(outcome);
      controller.abort();
    };
    const timeout = { code: 'timeout', message: `The attempt took longer than ${timeoutMs} ms.` };
    const stopping = { code: 'stopping', message: 'The consumer stopped before the attempt was over.' };
    this.signal = controller.signal;
    this.ended = promise;
    this.#timer = setTimeout(end, timeoutMs, { kind: 'retry', error: timeout });
    this.#cut = cut;
    this.#onCut = () => {
      end({ kind: 'return', fault: stopping });
    };
    cut.addEventListener('abort', this.#onCut, { once: true });
    if (cut.aborted) this.#onCut();
  }

  /** Lets go of the timer: nobody waits for the end any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#cut.removeEventListener('abort', this.#onCut);
  }
}
