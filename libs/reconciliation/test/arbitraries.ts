import fc from 'fast-check';
import type { DeadLetterRow, JoinedRow, Position, SourceRow, StoredRow } from '../src/index.ts';

/** Few ids and transactions, so that they meet; some beyond what a double can tell apart. */
const ids = fc.oneof(
  fc.integer({ min: 0, max: 60 }).map(String),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 53n + 4n }).map(String),
);
const transactionIds = fc.integer({ min: 8, max: 12 }).map(String);
const contents = fc.constantFrom('a', 'b');
const days = fc.constantFrom('1997-01-31', '1997-02-01', 'infinity', null);

export const cursors: fc.Arbitrary<Position | undefined> = fc.option(
  fc.record({ transactionId: transactionIds, id: ids }),
  { nil: undefined },
);

const sourceRow = (id: string): fc.Arbitrary<SourceRow> =>
  fc.record({ id: fc.constant(id), transactionId: transactionIds, content: contents, day: days });

const storedRow = (id: string): fc.Arbitrary<StoredRow> =>
  fc.record({ id: fc.constant(id), content: contents, day: days, attempts: fc.integer({ min: 1, max: 5 }) });

const deadRow = (id: string): fc.Arbitrary<DeadLetterRow> =>
  fc.record({
    id: fc.constant(id),
    deadLetters: fc.array(
      fc.record({
        state: fc.constantFrom('dead' as const, 'redriven' as const, 'discarded' as const),
        reason: fc.constantFrom('attempts-exhausted' as const, 'identity-conflict' as const),
        round: fc.integer({ min: 1, max: 3 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    day: days,
    attempts: fc.integer({ min: 0, max: 10 }),
  });

const rowOf = (id: string): fc.Arbitrary<JoinedRow> =>
  fc
    .record(
      { id: fc.constant(id), source: sourceRow(id), stored: storedRow(id), dead: deadRow(id) },
      { requiredKeys: ['id'] },
    )
    .filter(({ source, stored, dead }) => (source ?? stored ?? dead) !== undefined);

/** What is known of one id. */
export const joinedRows: fc.Arbitrary<JoinedRow> = ids.chain(rowOf);

/** What three tables hold, joined by hand: each id once, ascending. */
export const tables: fc.Arbitrary<JoinedRow[]> = fc
  .uniqueArray(ids, { maxLength: 40 })
  .chain((some) => fc.tuple(...some.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)).map(rowOf)));
