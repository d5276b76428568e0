import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  TaskDays,
  fireSlots,
  schedulesById,
  type DueSlots,
  releaseWaiting,
  takeOldHandovers,
} from '../src/store/index.ts';
import { OVERLAPS, slotFates } from '../src/domain/index.ts';
import { slotTaskId } from '../src/task-id.ts';
import { aSchedule, openStore, type TasksStore } from './world.ts';

let store: TasksStore;
beforeAll(async () => {
  store = await openStore();
  await new TaskDays(store.sql).ensure([FIRST]);
});
afterAll(async () => {
  await (store as TasksStore | undefined)?.close();
});

const FIRST = Date.UTC(2026, 0, 1, 12);
const slotsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index * 5_000);
const due = (scheduleId: string, fire: readonly number[], more: Partial<DueSlots> = {}): DueSlots => ({
  ...{ scheduleId, version: 1, decidedBefore: null, decidedUpTo: fire.at(-1) ?? 0, fire },
  ...{ jitterMs: fire.map(() => 0), missed: null, ...more },
});
const fire = (...some: DueSlots[]) => fireSlots(store.sql, some, 'default', []);
const slotsOf = async (scheduleId: string) => {
  const rows = await store.sql.query<{ slot: string; state: string }>(
    `SELECT extract(epoch FROM slot)::bigint * 1000 AS slot, state FROM tasks WHERE schedule_id = $1 ORDER BY slot`,
    [scheduleId],
  );
  return rows.map(({ slot, state }) => [Number(slot), state]);
};
const notFired = (scheduleId: string) =>
  store.sql.query('SELECT slots, why FROM slots_not_fired WHERE schedule_id = $1 ORDER BY first_slot', [scheduleId]);
const end = (taskId: string) => store.sql.query(`UPDATE tasks SET state = 'succeeded' WHERE task_id = $1`, [taskId]);

it('each slot that is fired is one task, and its schedule is decided up to there', async () => {
  const scheduleId = await aSchedule(store.sql);
  const slots = slotsFrom(FIRST, 3);
  const { taskIds, handoverId, moved } = await fire(due(scheduleId, slots));
  expect([...taskIds].sort()).toEqual(slots.map((slot) => slotTaskId(scheduleId, slot)));
  expect([...moved]).toEqual([scheduleId]);
  expect(handoverId).not.toBeNull();
  expect(await slotsOf(scheduleId)).toEqual(slots.map((slot) => [slot, 'queued']));
  expect(await schedulesById(store.sql, [scheduleId])).toMatchObject([{ lastSlot: slots.at(-1), version: 1 }]);
});

it('of two that fire the same slots at once, one does', async () => {
  const scheduleId = await aSchedule(store.sql);
  const slots = slotsFrom(FIRST, 2);
  const both = await Promise.all([fire(due(scheduleId, slots)), fire(due(scheduleId, slots))]);
  expect(both.map(({ taskIds }) => taskIds.size).sort()).toEqual([0, 2]);
  expect(await slotsOf(scheduleId)).toHaveLength(2);
});

it('nothing is fired of a schedule that was changed, paused or deleted meanwhile', async () => {
  const ids = await Promise.all([aSchedule(store.sql), aSchedule(store.sql), aSchedule(store.sql)]);
  const [changed, paused, deleted] = ids;
  await store.sql.query(`UPDATE schedules SET name = 'other' WHERE schedule_id = $1`, [changed]);
  await store.sql.query('UPDATE schedules SET paused_at = now() WHERE schedule_id = $1', [paused]);
  await store.sql.query('UPDATE schedules SET deleted_at = now() WHERE schedule_id = $1', [deleted]);
  const { taskIds, handoverId, moved } = await fire(...ids.map((id) => due(id, slotsFrom(FIRST, 1))));
  expect([taskIds.size, handoverId, moved.size]).toEqual([0, null, 0]);
});

it('slots that came too late are recorded', async () => {
  const scheduleId = await aSchedule(store.sql);
  const missed = { count: 7, from: FIRST - 35_000, to: FIRST - 5_000 };
  await fire(due(scheduleId, [FIRST], { missed }));
  expect(await notFired(scheduleId)).toEqual([{ slots: 7, why: 'misfire' }]);
});

it('a slot whose predecessor has not ended is recorded where slots may not overlap', async () => {
  const scheduleId = await aSchedule(store.sql, { overlap: 'skip' });
  const [first, second, third, fourth] = slotsFrom(FIRST, 4) as [number, number, number, number];
  await fire(due(scheduleId, [first]));
  await fire(due(scheduleId, [second], { decidedBefore: first }));
  expect(await slotsOf(scheduleId)).toEqual([[first, 'queued']]);
  expect(await notFired(scheduleId)).toEqual([{ slots: 1, why: 'overlap' }]);
  await end(slotTaskId(scheduleId, first));
  await fire(due(scheduleId, [third, fourth], { decidedBefore: second }));
  expect(await slotsOf(scheduleId)).toEqual([
    [first, 'succeeded'],
    [third, 'queued'],
  ]);
  expect(await notFired(scheduleId)).toHaveLength(2);
});

it('tasks whose slots wait for each other go one after the other', async () => {
  const scheduleId = await aSchedule(store.sql, { overlap: 'wait' });
  const slots = slotsFrom(FIRST, 3);
  const ids = slots.map((slot) => slotTaskId(scheduleId, slot));
  expect([...(await fire(due(scheduleId, slots))).taskIds]).toEqual([ids[0]]);
  expect(await releaseWaiting(store.sql, 10)).toBeUndefined();
  for (const [index, id] of ids.entries()) {
    expect((await slotsOf(scheduleId)).map(([, state]) => state)).toEqual(
      ids.map((_, other) => (other < index ? 'succeeded' : other === index ? 'queued' : 'waiting')),
    );
    await end(id);
    const released = await releaseWaiting(store.sql, 10);
    expect(released?.tasks.map(({ taskId }) => taskId)).toEqual(
      ids[index + 1] === undefined ? undefined : [ids[index + 1]],
    );
  }
});

it('what was fired and never confirmed is found by whoever looks, once in a while, and until it is confirmed', async () => {
  const scheduleId = await aSchedule(store.sql, { payload: { url: 'http://site' } });
  const slots = slotsFrom(FIRST, 2);
  const { handoverId } = await fire(due(scheduleId, slots));
  const mine = async (olderThanMs: number) =>
    (await takeOldHandovers(store.sql, olderThanMs, 1_000)).find((one) => one.handoverId === handoverId);
  expect(await mine(60_000)).toBeUndefined();
  const found = await mine(0);
  expect(found?.tasks).toMatchObject(
    slots.map((slot) => ({
      ...{ taskId: slotTaskId(scheduleId, slot), scheduleId, slot: new Date(slot).toISOString() },
      ...{ type: 'simulated', payload: { url: 'http://site' }, lane: 'default', maxAttempts: 3, timeoutMs: 60_000 },
    })),
  );
  const begun = slotTaskId(scheduleId, slots[0] ?? 0);
  await store.sql.query(`UPDATE tasks SET state = 'running', attempt = 1 WHERE task_id = $1`, [begun]);
  expect((await mine(0))?.tasks).toHaveLength(1);
  await fireSlots(store.sql, [], 'default', [handoverId ?? '']);
  expect(await mine(0)).toBeUndefined();
});

it.each(OVERLAPS)('what becomes of slots in the store is what the domain says, with overlap %s', async (overlap) => {
  for (const isOpen of [true, false]) {
    const scheduleId = await aSchedule(store.sql, { overlap });
    const [before, ...slots] = slotsFrom(FIRST, 4) as [number, ...number[]];
    await fire(due(scheduleId, [before]));
    if (!isOpen) await end(slotTaskId(scheduleId, before));
    await fire(due(scheduleId, slots, { decidedBefore: before }));
    const fates = slotFates(overlap, slots, isOpen).filter(({ fate }) => fate !== 'skip');
    const states = fates.map(({ slot, fate }) => [slot, fate === 'wait' ? 'waiting' : 'queued']);
    expect((await slotsOf(scheduleId)).slice(1)).toEqual(states);
  }
});
