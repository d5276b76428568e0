import { randomUUID } from 'node:crypto';
import type { BookClass, Books, BooksRun } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';

const CLASSES: readonly BookClass[] = [
  { name: 'dead', label: 'dead', kind: 'dead' },
  { name: 'redriven', label: 'sent again', kind: 'in-flight' },
  { name: 'discarded', label: 'discarded', kind: 'discarded' },
  { name: 'lost', label: 'lost', kind: 'fault', what: 'lost: nowhere', remedy: 'send-again' },
];

/** Books that count states, as a pipeline has them whose work stands in one table: here, its dead letters. */
export function countedBooks(endput: Postgres, pipeline: string, accepted: ReadonlySet<string>): Books {
  const runs: { readonly run: BooksRun; readonly lost: readonly string[] }[] = [];
  const count = async () => {
    const rows = await endput.query<{ message_id: string; state: string }>(
      'SELECT message_id, state FROM dead_letters WHERE pipeline = $1',
      [pipeline],
    );
    const states = new Map(rows.map(({ message_id: id, state }) => [id, state]));
    const counts: Record<string, number> = {};
    for (const id of accepted) {
      const name = states.get(id) ?? 'lost';
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return { counts, lost: [...accepted].filter((id) => !states.has(id)).sort() };
  };
  return {
    pipeline,
    begin: async (startedBy) => {
      const startedAt = new Date().toISOString();
      const { counts, lost } = await count();
      const origins = [{ origin: 'depot-1', accepted: accepted.size, counts }];
      const id = randomUUID();
      const report = { accepted: 'handed in', classes: CLASSES, origins };
      const endedAt = new Date().toISOString();
      runs.unshift({ run: { id, state: 'finished', startedBy, startedAt, endedAt, report, error: null }, lost });
      return { kind: 'begun', id };
    },
    runs: ({ limit }) => Promise.resolve({ items: runs.slice(0, limit).map(({ run }) => run), nextCursor: null }),
    run: (id) => Promise.resolve(runs.find(({ run }) => run.id === id)?.run),
    items: (id, { class: name, limit }) => {
      const lost = name === 'lost' ? (runs.find(({ run }) => run.id === id)?.lost ?? []) : [];
      const items = lost.map((key) => ({ origin: 'depot-1', key, class: name, details: '', sentAgainAt: null }));
      return Promise.resolve({ items: items.slice(0, limit), nextCursor: null });
    },
  };
}
