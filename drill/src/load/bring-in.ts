import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState, type Postgres, type Sql } from '@esteira/postgres';
import type { Imported } from '../ledger.ts';
import type { Part } from './parts.ts';

/** What bringing rows in needs. */
export interface Door {
  readonly source: Postgres;
  /** The address of the system's API. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** Hears of an import when its API has answered for it. */
  readonly imported: (imported: Imported) => void;
}

const TRY_AGAIN_MS = 250;
const IMPORT_MS = 60_000;

/** Brings the rows of a part in; a server or API that is away is waited for. Rejects only when `signal` fires. */
export async function bringIn(part: Part, door: Door): Promise<void> {
  const { way } = part;
  switch (way.kind) {
    case 'import':
      return importFile(part, door);
    case 'insert':
      return untilDone(door, (attempt) => door.source.transaction((sql) => insert(sql, part, attempt, part.rows)));
    case 'late':
      return untilDone(door, (attempt) => late(part, door, way.holdMs, attempt));
    case 'prepared':
      return prepared(part, door, way);
    case 'rolled-back':
      return rolledBack(part, door, way.holdMs);
  }
}

/** What is tried again has a name of its own: whether the first try was committed can't always be known. */
async function insert(sql: Sql, { tag }: Part, attempt: number, rows: number): Promise<void> {
  await sql.query(
    `insert into orders (product, price, security_check)
     select $1 || ' ' || i, round((i * 7.31 % 190 + 1)::numeric, 2), i % 20 <> 0 from generate_series(1, $2::int) as i`,
    [attempt === 1 ? tag : `${tag} try ${attempt}`, rows],
  );
}

/** Ids are taken at the beginning and committed at the end; what commits in between has higher ids. */
function late(part: Part, { source, signal }: Door, holdMs: number, attempt: number): Promise<void> {
  return source.transaction(async (sql) => {
    await insert(sql, part, attempt, Math.ceil(part.rows / 2));
    await sql.query('savepoint inside');
    await insert(sql, { ...part, tag: `rolled-back inside ${part.tag}` }, attempt, 3);
    await sql.query('rollback to savepoint inside');
    await sleep(holdMs, undefined, { signal });
    await insert(sql, part, attempt, Math.floor(part.rows / 2));
  });
}

async function prepared(
  part: Part,
  door: Door,
  { holdMs, commits }: { holdMs: number; commits: boolean },
): Promise<void> {
  const named = { ...part, tag: commits ? part.tag : `rolled-back ${part.tag}` };
  let gid = '';
  await untilDone(door, (attempt) => {
    gid = `${part.tag} ${attempt}`;
    return door.source.transaction(async (sql) => {
      await insert(sql, named, attempt, part.rows);
      await sql.query(`prepare transaction '${gid}'`);
    });
  });
  await sleep(holdMs, undefined, { signal: door.signal });
  await untilDone(door, async () => {
    // A try whose answer was lost may have prepared, or ended, it all the same.
    const open = await door.source.query<{ gid: string }>('select gid from pg_prepared_xacts where gid like $1', [
      `${part.tag} %`,
    ]);
    for (const { gid: name } of open) {
      await door.source.query(`${commits && name === gid ? 'commit' : 'rollback'} prepared '${name}'`);
    }
  });
}

const NEVER = new Error('Rolled back, as planned');

async function rolledBack(part: Part, { source, signal }: Door, holdMs: number): Promise<void> {
  const work = source.transaction(async (sql) => {
    await insert(sql, { ...part, tag: `rolled-back ${part.tag}` }, 1, part.rows);
    await sleep(holdMs, undefined, { signal });
    throw NEVER;
  });
  // A server that went away has rolled it back as well.
  await work.catch(() => undefined);
}

async function importFile({ tag, rows, system }: Part, door: Door): Promise<void> {
  const lines = Array.from({ length: rows }, (_, i) => `${tag} ${i + 1},${(i % 200) + 1}.25`);
  const body = `product,price\n${lines.join('\n')}\n`;
  await untilDone(door, async () => {
    const response = await fetch(`${door.url}/v0/orders/import`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', 'idempotency-key': `drill-${tag}` },
      body,
      signal: AbortSignal.any([door.signal, AbortSignal.timeout(IMPORT_MS)]),
    });
    const answer = (await response.json()) as { imported?: number; detail?: string };
    if (response.status !== 201)
      throw new Error(`The import ${tag} was answered ${response.status}: ${answer.detail ?? ''}`);
    door.imported({ system, tag, rows });
  });
}

/** Tries until it works. What Postgres refuses for good is a defect of the drill. */
async function untilDone(door: Door, work: (attempt: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work(attempt);
      return;
    } catch (error) {
      door.signal.throwIfAborted();
      if (/^(22|23|42)/.test(sqlState(error) ?? '')) throw error;
    }
    await sleep(TRY_AGAIN_MS, undefined, { signal: door.signal });
  }
}
