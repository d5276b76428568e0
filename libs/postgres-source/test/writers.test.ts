import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Position } from '@esteira/relay';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { open, ownSource, pageOf, type OwnSource } from './support.ts';

let own: OwnSource;
let canPrepare: boolean;
beforeAll(async () => {
  own = await ownSource('ENDPUT_DATABASE_URL');
  const [row] = await own.postgres.query<{ n: number }>(
    `select current_setting('max_prepared_transactions')::int as n`,
  );
  canPrepare = (row?.n ?? 0) >= WRITERS;
});
afterAll(() => own.drop());
beforeEach(() => own.postgres.query('truncate notes restart identity'));

const WRITERS = 4;
const PAGE = 3;

/** One step of a transaction. `copy` brings stamps of its own along, old and future ones. */
type Step = 'insert' | 'insert-many' | 'copy' | 'subtransaction' | 'undone-subtransaction' | 'wait';
interface Transaction {
  steps: Step[];
  end: 'commit' | 'rollback' | 'prepare-commit' | 'prepare-rollback';
}

const transactions = fc.array(
  fc.record<Transaction>({
    steps: fc.array(
      fc.constantFrom<Step[]>('insert', 'insert-many', 'copy', 'subtransaction', 'undone-subtransaction', 'wait'),
      { minLength: 1, maxLength: 5 },
    ),
    end: fc.constantFrom<Transaction['end'][]>('commit', 'commit', 'rollback', 'prepare-commit', 'prepare-rollback'),
  }),
  { minLength: 1, maxLength: 5 },
);

const insert = (count: number) => `insert into notes (text) select 'p' from generate_series(1, ${count})`;
const STATEMENTS: Record<Step, string> = {
  insert: insert(1),
  'insert-many': insert(PAGE * 2 + 1),
  copy: `copy notes (text, transaction_id) from program 'printf "p\\t3\\np\\t9999999\\n"'`,
  subtransaction: `savepoint s; ${insert(1)}; release savepoint s`,
  'undone-subtransaction': `savepoint s; ${insert(2)}; rollback to savepoint s`,
  wait: 'select pg_sleep(0.01)',
};

async function write(plan: readonly Transaction[]): Promise<void> {
  for (const { steps, end } of plan) {
    const transaction = await open(own.postgres);
    for (const step of steps) await transaction.query(STATEMENTS[step]);
    if (end === 'commit' || (end === 'prepare-commit' && !canPrepare)) await transaction.end();
    else if (end === 'rollback' || !canPrepare) await transaction.end('rollback');
    else {
      const gid = randomBytes(8).toString('hex');
      await transaction.end(`prepare transaction '${gid}'`);
      await own.postgres.query('select pg_sleep(0.01)');
      await own.postgres.query(`${end === 'prepare-commit' ? 'commit' : 'rollback'} prepared '${gid}'`);
    }
  }
}

/** Reads pages while writers write, and on until everything that is committed is safe and read. */
async function readBeside(writing: Promise<unknown>): Promise<number[]> {
  const read: number[] = [];
  const deadline = performance.now() + 30_000;
  let last: Position | undefined;
  const writers = { over: false };
  const done = writing.finally(() => (writers.over = true));
  for (;;) {
    const wasOver = writers.over;
    const page = await pageOf(own.source, last, PAGE);
    read.push(...page.ids);
    last = page.last ?? last;
    if (page.last !== undefined || !wasOver) continue;
    // Other tests on this server may still hold the watermark: the last row must have come, or nothing is left.
    const [left] = await own.postgres.query<{ n: number }>(
      'select count(*)::int as n from notes where (transaction_id, id) > ($1::xid8, $2::bigint)',
      [last?.transactionId ?? '0', last?.id ?? '0'],
    );
    if (left?.n === 0) break;
    if (performance.now() > deadline) throw new Error(`${left?.n ?? 0} rows beyond ${JSON.stringify(last)} never came`);
  }
  await done;
  return read;
}

describe('beside writers with long, undone, prepared and nested transactions', () => {
  it('every committed row is read exactly once, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(transactions, { minLength: WRITERS, maxLength: WRITERS }),
        fc.boolean(),
        async (plans, beneathALongOne) => {
          await own.postgres.query('truncate notes restart identity');
          const long = beneathALongOne ? await open(own.postgres) : undefined;
          await long?.query(STATEMENTS.insert);
          const writing = Promise.all(plans.map(write)).then(async () => {
            await long?.query(STATEMENTS['insert-many']);
            await long?.end();
          });
          const read = await readBeside(writing);
          const rows = await own.postgres.query<{ id: number }>('select id::int from notes order by id');
          expect(read.toSorted((a, b) => a - b)).toEqual(rows.map(({ id }) => id));
        },
      ),
      { numRuns: 15 },
    );
  });
});
