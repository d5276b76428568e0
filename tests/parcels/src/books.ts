import { recall, restsAs } from '@esteira/dead-letters';
import { pageOf, type BookClass, type BookItem, type Books, type BooksRun } from '@esteira/pipeline';
import { queueDepths, type Management } from '@esteira/messaging';
import type { Sql } from '@esteira/postgres';
import { identityOf, type Parcel } from './parcel.ts';
import { parcelsPipeline } from './pipeline.ts';
import { parcelEffect } from './store.ts';

/** What a depot says that it handed over. */
export type HandedOver = Pick<Parcel, 'depot' | 'number'>;

interface Stores {
  readonly endput: Sql;
  readonly management: Management;
}

const CLASSES: readonly BookClass[] = [
  { name: 'stored', label: 'weighed', kind: 'done' },
  { name: 'dead', label: 'dead', kind: 'dead' },
  { name: 'discarded', label: 'discarded', kind: 'discarded' },
  { name: 'in-flight', label: 'in flight', kind: 'in-flight' },
  { name: 'lost', label: 'lost', kind: 'fault', what: 'lost: handed over, and nowhere', remedy: 'send-again' },
];

const placeOf = ({ origin, key }: BookItem) => `${origin} ${key}`;

/**
 * The books of parcels: each that was handed over is looked up where it rests. What rests nowhere is in flight while the
 * broker holds messages, and lost when it holds none, by counts that are a few seconds old. They are kept as long as the
 * process lives.
 */
export function parcelBooks({ endput, management }: Stores, handedOver: () => readonly HandedOver[]): Books {
  const runs: { readonly run: BooksRun; readonly lost: readonly BookItem[] }[] = [];
  const find = (id: string) => runs.find(({ run }) => run.id === id);
  return {
    pipeline: parcelsPipeline.name,
    begin: async (startedBy) => {
      const startedAt = new Date().toISOString();
      const parcels = [...handedOver()];
      const { lanes, waiting, returned } = await queueDepths(management, parcelsPipeline);
      const remainder = lanes + waiting + returned > 0 ? 'in-flight' : 'lost';
      const asked = parcels.map((parcel) => ({ ...identityOf(parcel), round: 1 }));
      const rests = await recall(endput, parcelEffect.atRest, asked);
      const classed = parcels.map(({ depot, number }, index) => ({
        ...{ origin: depot, key: number, details: '', sentAgainAt: null },
        class: restsAs(rests[index]) ?? remainder,
      }));
      const origins = [...Map.groupBy(classed, ({ origin }) => origin)].map(([origin, some]) => {
        const counts = CLASSES.map(({ name }) => [name, some.filter((one) => one.class === name).length] as const);
        return { origin, accepted: some.length, counts: Object.fromEntries(counts) };
      });
      const report = { accepted: 'parcels handed over', classes: CLASSES, origins };
      const [id, endedAt] = [String(runs.length + 1), new Date().toISOString()];
      const run: BooksRun = { id, state: 'finished', startedBy, startedAt, endedAt, report, error: null };
      const lost = classed
        .filter((one) => one.class === 'lost')
        .sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
      runs.unshift({ run, lost });
      return { kind: 'begun', id };
    },
    runs: ({ limit, cursor = 'Infinity' }) => {
      const older = runs.map(({ run }) => run).filter(({ id }) => Number(id) < Number(cursor));
      return Promise.resolve(pageOf(older, limit, ({ id }) => id));
    },
    run: (id) => Promise.resolve(find(id)?.run),
    items: (id, { class: name, limit, origin, cursor = '' }) => {
      const found = (find(id)?.lost ?? []).filter(
        (one) => one.class === name && one.origin === (origin ?? one.origin) && placeOf(one) > cursor,
      );
      return Promise.resolve(pageOf(found, limit, placeOf));
    },
  };
}
