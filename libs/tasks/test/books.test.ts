import type { Books } from '@esteira/pipeline';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { faultOf, reportOf, taskBooks } from '../src/books.ts';
import { TaskDays, fireSlots } from '../src/store/index.ts';
import { aSchedule, openStore, type TasksStore } from './world.ts';

let store: TasksStore;
let books: Books;
beforeAll(async () => {
  store = await openStore();
  books = taskBooks(store.sql, store.sql);
  await new TaskDays(store.sql).ensure([FIRST]);
});
afterAll(async () => {
  await (store as TasksStore | undefined)?.close();
});

const FIRST = Date.UTC(2026, 0, 1, 12);
const slots = Array.from({ length: 10 }, (_, index) => FIRST + index * 5_000);

/** A schedule whose ten slots are decided: some of them fired, others recorded as missed. */
async function decided(missed: number): Promise<string> {
  const scheduleId = await aSchedule(store.sql, { startsAt: FIRST });
  const fire = slots.slice(missed);
  const late = missed === 0 ? null : { count: missed, from: FIRST, to: slots[missed - 1] ?? FIRST };
  const bounds = { version: 1, decidedBefore: null, decidedUpTo: slots.at(-1) ?? FIRST };
  await fireSlots(
    store.sql,
    [{ scheduleId, ...bounds, fire, jitterMs: fire.map(() => 0), missed: late }],
    'default',
    [],
  );
  return scheduleId;
}

async function madeUp() {
  const { id } = await books.begin('anna');
  const run = await vi.waitFor(async () => {
    const found = await books.run(id);
    expect(found?.state).toBe('finished');
    return found;
  }, patient);
  return { id, report: run?.report };
}

it('add up where every due slot is a task or recorded as not fired, whatever became of the tasks', async () => {
  await decided(0);
  await decided(3);
  await store.sql.query(`UPDATE tasks SET state = 'succeeded' WHERE slot < to_timestamp($1)`, [FIRST / 1_000 + 10]);
  const { report } = await madeUp();
  expect(report?.origins).toEqual([
    {
      origin: 'schedules',
      accepted: 20,
      counts: { succeeded: 2, open: 15, 'not-fired': 3, lost: 0, stray: 0 },
    },
  ]);
});

it('name a slot that is due and nowhere, and one that was fired and is not due', async () => {
  const [short, long] = [await decided(0), await decided(0)];
  await store.sql.query(
    'DELETE FROM tasks WHERE task_id = (SELECT task_id FROM tasks WHERE schedule_id = $1 LIMIT 1)',
    [short],
  );
  await store.sql.query(`UPDATE schedules SET last_slot = last_slot - interval '10 s' WHERE schedule_id = $1`, [long]);
  const { id, report } = await madeUp();
  expect(report?.origins[0]).toMatchObject({ counts: { lost: 1, stray: 2 } });
  expect((await books.items(id, { class: 'lost', limit: 10 })).items).toMatchObject([
    { key: short, details: expect.stringContaining('10 due, 9 fired') as string },
  ]);
  expect((await books.items(id, { class: 'stray', limit: 10 })).items).toMatchObject([{ key: long }]);
});

it('count a schedule from where its recurrence was changed', async () => {
  const scheduleId = await decided(0);
  await store.sql.query('UPDATE schedules SET interval_seconds = 7 WHERE schedule_id = $1', [scheduleId]);
  const { id } = await madeUp();
  const items = await Promise.all(['lost', 'stray'].map((name) => books.items(id, { class: name, limit: 10 })));
  expect(items.flatMap((page) => page.items).filter(({ key }) => key === scheduleId)).toEqual([]);
});

it('have a fault for exactly those schedules whose slots differ from what became of them', () => {
  const schedule = { scheduleId: 's', name: 'site', due: 5, fired: 3, notFired: 2 };
  expect(faultOf(schedule)).toBeUndefined();
  expect(faultOf({ ...schedule, fired: 2 })).toMatchObject({ class: 'lost', slots: 1 });
  expect(faultOf({ ...schedule, fired: 5 })).toMatchObject({ class: 'stray', slots: 2 });
});

it('show what was handed in apart from schedules, and only where there is any', () => {
  const counted = (scheduled: boolean, state: string, count: number) => ({ scheduled, state, count });
  expect(reportOf([counted(true, 'succeeded', 2)], 0, []).origins).toHaveLength(1);
  const { origins } = reportOf([counted(false, 'queued', 2), counted(false, 'dead', 1)], 0, []);
  expect(origins[1]).toEqual({ origin: 'api', accepted: 3, counts: { open: 2, dead: 1 } });
});
