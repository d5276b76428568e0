/** A part of the code that is made wrong on purpose, to see that the drill notices. */
export interface Sabotage {
  /** What the code then does wrong. */
  readonly name: string;
  /** The beginning of the guarantee that it breaks. */
  readonly breaks: string;
  readonly rewrites: readonly Rewrite[];
}

/** One text of one module that is replaced while it is loaded. It must be there, once. */
export interface Rewrite {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const NONE_LOST = 'Every committed row is stored once or dead once';

/** The eight ways to lose or double something that the pipeline is built to avoid. */
export const sabotages = {
  'ack before store': {
    breaks: NONE_LOST,
    rewrites: [
      {
        file: 'libs/messaging/src/consume-session.ts',
        find: 'const settlements = await this.#options.handler(batch, (done) => {',
        replace:
          'for (const { tag } of batch) this.#acks.settle(tag); this.#ackSettled(); const settlements = await this.#options.handler(batch, (done) => {',
      },
    ],
  },
  'ack across a gap': {
    breaks: NONE_LOST,
    rewrites: [
      {
        file: 'libs/messaging/src/ack-tracker.ts',
        find: 'const tag = this.#ackedUpTo + 1;',
        replace:
          'const top = Math.max(this.#ackedUpTo, ...this.#settled); if (top > this.#ackedUpTo) { this.#settled.clear(); this.#ackedUpTo = top; return top; } const tag = this.#ackedUpTo + 1;',
      },
    ],
  },
  'cursor before confirm': {
    breaks: NONE_LOST,
    rewrites: [
      {
        file: 'libs/relay/src/flight.ts',
        find: 'last = last.then(() => confirmed).then(written);',
        replace: 'last = last.then(written);',
      },
      // As if the broker were slow: what a page's confirm takes here is over before anybody is killed in it.
      {
        file: 'libs/relay/src/run.ts',
        find: 'this.#flight.start(this.#confirmed(page.messages), () => this.#advance(page));',
        replace:
          'this.#flight.start(sleep(500).then(() => this.#confirmed(page.messages)), () => this.#advance(page));',
      },
    ],
  },
  'no watermark': {
    breaks: NONE_LOST,
    rewrites: [
      {
        file: 'libs/postgres-source/src/page.ts',
        find: 'and ${source.transactionId} < pg_snapshot_xmin(pg_current_snapshot())',
        replace: '',
      },
    ],
  },
  'retry not confirmed': {
    breaks: NONE_LOST,
    rewrites: [
      {
        file: 'libs/messaging/src/delay/wait-queue.ts',
        find: 'hand: (messages, delayMs) => handOver(publisherFor(delayMs), messages, names.waitQueue(pipeline, delayMs)),',
        replace:
          'hand: async (messages, delayMs) => { handOver(publisherFor(delayMs), messages, names.waitQueue(pipeline, delayMs)).catch(() => undefined); },',
      },
    ],
  },
  'no recall': {
    breaks: 'What is at rest stays as it is',
    rewrites: [
      {
        file: 'libs/consumer/src/stages/recall.ts',
        find: 'return { ...work, ...(rest && { rest }), ...made.get(work) };',
        replace: 'return work;',
      },
    ],
  },
  'round ignored': {
    breaks: 'Dead letters that are sent back come to rest in their new round',
    rewrites: [
      {
        file: 'libs/dead-letters/src/write.ts',
        find: "WHEN there.state = 'redriven' AND there.round = given.round THEN 'written'",
        replace: "WHEN there.state = 'redriven' THEN 'written'",
      },
      {
        file: 'libs/dead-letters/src/write.ts',
        find: "WHERE dead.state = 'redriven' AND dead.round = excluded.round",
        replace: "WHERE dead.state = 'redriven'",
      },
      { file: 'libs/dead-letters/src/recall.ts', find: ' OR dead.round > asked.round', replace: '' },
    ],
  },
  'journal off': {
    breaks: 'Every attempt is accounted for',
    rewrites: [
      {
        file: 'libs/attempt-log/src/mongodb-attempt-log.ts',
        find: "writeConcern: { w: 'majority', journal: true }",
        replace: 'writeConcern: { w: 1, journal: false }',
      },
    ],
  },
} as const satisfies Record<string, Omit<Sabotage, 'name'>>;
