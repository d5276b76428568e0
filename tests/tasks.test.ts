import { patient } from '@esteira/tests/patience';
import { openTasks, type Tasks } from '@esteira/tests/support';
import { expect, it, onTestFinished, vi } from 'vitest';

const opened = async (options: Parameters<typeof openTasks>[0]): Promise<Tasks> => {
  const tasks = await openTasks(options);
  onTestFinished(() => tasks.stop());
  return tasks;
};

/** How many slots are due up to where each schedule was decided, and how many tasks they are, by state. */
async function booksOf({ store }: Tasks) {
  const [due] = await store.query<{ due: string }>(
    `SELECT sum(extract(epoch FROM last_slot - starts_at)::int / interval_seconds + 1) AS due
       FROM schedules WHERE last_slot IS NOT NULL`,
  );
  const states = await store.query<{ state: string; count: string }>(
    'SELECT state, count(*) AS count FROM tasks GROUP BY state',
  );
  const [again] = await store.query<{ count: string }>('SELECT count(*) AS count FROM tasks WHERE token > 1');
  return {
    due: Number(due?.due ?? 0),
    states: Object.fromEntries(states.map(({ state, count }) => [state, Number(count)])),
    // Taken in hand again: their worker was killed in the middle.
    again: Number(again?.count),
  };
}

const untilFired = (tasks: Tasks, least: number) =>
  vi.waitFor(async () => {
    expect((await booksOf(tasks)).states['succeeded'] ?? 0).toBeGreaterThan(least);
  }, patient);

/** Ends all schedules, and waits until nothing is open. */
async function untilAtRest(tasks: Tasks) {
  await tasks.store.query('UPDATE schedules SET paused_at = now()');
  return vi.waitFor(async () => {
    const books = await booksOf(tasks);
    expect(Object.keys(books.states).sort()).toEqual(['succeeded']);
    expect(books.due).toBe(books.states['succeeded']);
    // What was published is forgotten, and nobody looks at it again and again.
    expect(await tasks.store.query('SELECT FROM handovers')).toEqual([]);
    return books;
  }, patient);
}

it('every due slot becomes one task and is done, whichever schedulers are killed and frozen, and workers killed', async () => {
  const tasks = await opened({ schedulers: 3, workers: 2 });
  const [first, second, third] = tasks.schedulers as [
    Tasks['schedulers'][0],
    Tasks['schedulers'][0],
    Tasks['schedulers'][0],
  ];
  const [one, other] = tasks.workers as [Tasks['workers'][0], Tasks['workers'][0]];
  await Promise.all([first, second, one, other].map((app) => app.start()));
  await tasks.schedule(60, { misfire: 'all', payload: { duration_ms: 20 } });
  await untilFired(tasks, 120);
  await first.end('SIGKILL');
  await third.start();
  second.signal('SIGSTOP');
  await other.end('SIGKILL');
  await untilFired(tasks, 600);
  second.signal('SIGCONT');
  await other.start();
  await untilFired(tasks, 900);
  expect((await untilAtRest(tasks)).again).toBeLessThanOrEqual(tasks.settings.TASKS_CONCURRENCY);
});

it('a schedule that is made, changed, paused and deleted while schedulers run is fired so', async () => {
  const tasks = await opened({ schedulers: 2 });
  await Promise.all([...tasks.schedulers, ...tasks.workers].map((app) => app.start()));
  const [scheduleId] = (await tasks.schedule(1, { payload: { returns: 'old' } })) as [string];
  const fired = async () => {
    const rows = await tasks.store.query<{ payload: { returns: string } }>('SELECT payload FROM tasks ORDER BY slot');
    return rows.map(({ payload }) => payload.returns);
  };
  await vi.waitFor(async () => {
    expect(await fired()).toContain('old');
  }, patient);
  await tasks.store.query(`UPDATE schedules SET payload = '{"returns": "new"}' WHERE schedule_id = $1`, [scheduleId]);
  await vi.waitFor(async () => {
    expect((await fired()).at(-1)).toBe('new');
  }, patient);
  await tasks.store.query('UPDATE schedules SET paused_at = now() WHERE schedule_id = $1', [scheduleId]);
  const atPause = (await fired()).length;
  const [more] = (await tasks.schedule(1, { payload: { returns: 'more' } })) as [string];
  await vi.waitFor(async () => {
    expect((await fired()).filter((returns) => returns === 'more').length).toBeGreaterThan(2);
  }, patient);
  expect((await fired()).filter((returns) => returns !== 'more')).toHaveLength(atPause);
  await tasks.store.query('UPDATE schedules SET deleted_at = now() WHERE schedule_id = $1', [more]);
  const atEnd = (await fired()).length;
  await tasks.schedule(1, { payload: { returns: 'last' } });
  await vi.waitFor(async () => {
    expect((await fired()).filter((returns) => returns === 'last').length).toBeGreaterThan(2);
  }, patient);
  expect((await fired()).filter((returns) => returns !== 'last')).toHaveLength(atEnd);
});

it('nothing is fired twice because all processes are started again', async () => {
  const tasks = await opened({});
  const all = [...tasks.schedulers, ...tasks.workers];
  await Promise.all(all.map((app) => app.start()));
  await tasks.schedule(20, { misfire: 'all' });
  await untilFired(tasks, 40);
  await Promise.all(all.map((app) => app.end('SIGKILL')));
  await Promise.all(all.map((app) => app.start()));
  await untilFired(tasks, 100);
  expect((await untilAtRest(tasks)).again).toBeLessThanOrEqual(tasks.settings.TASKS_CONCURRENCY);
  expect(await Promise.all(all.map((app) => app.end('SIGTERM')))).toEqual([0, 0]);
});

it('the console shows tasks, their dead letters and their books, and sends a dead one again', async () => {
  const tasks = await opened({});
  await Promise.all([...tasks.schedulers, ...tasks.workers, tasks.console].map((app) => app.start()));
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${tasks.console.url}/v0/pipelines${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  expect((await ask('GET', ''))['pipelines']).toMatchObject([{ name: 'tasks', lanes: ['default'] }]);
  await tasks.schedule(1, { misfire: 'all' });
  const [bad] = await tasks.schedule(1, { misfire: 'all', payload: { dies: true } });
  const dead = await vi.waitFor(async () => {
    const { items } = (await ask('GET', '/tasks/dead-letters')) as { items: { message_id: string; origin: string }[] };
    expect(items.length).toBeGreaterThan(1);
    return items;
  }, patient);
  expect(new Set(dead.map(({ origin }) => origin))).toEqual(new Set([bad]));
  await tasks.store.query('UPDATE schedules SET paused_at = now()');
  const edited = dead[0]?.message_id ?? '';
  const { body } = (await ask('GET', `/tasks/dead-letters/${edited}`)) as { body: { content: string } };
  expect(body.content).toContain('"dies":true');
  const repaired = body.content.replace('"dies":true', '"duration_ms":1');
  expect(await ask('PUT', `/tasks/dead-letters/${edited}/body`, { body: repaired, why: 'mended' })).toMatchObject({
    origin: bad,
  });
  await ask('POST', '/tasks/dead-letters/redrives', { why: 'mended', selection: { message_ids: [edited] } });
  await vi.waitFor(async () => {
    const [task] = await tasks.store.query('SELECT state, round FROM tasks WHERE task_id = $1', [edited]);
    expect(task).toEqual({ state: 'succeeded', round: 2 });
  }, patient);
  const { id } = await ask('POST', '/tasks/books', {});
  await vi.waitFor(async () => {
    const { report } = await ask('GET', `/tasks/books/${String(id)}`);
    expect(report).toMatchObject({ adds_up: true, problems: [] });
  }, patient);
});
