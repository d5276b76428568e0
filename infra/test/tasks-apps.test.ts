import { tasksScheduler } from '@esteira/tasks-scheduler/service';
import { tasksWorker } from '@esteira/tasks-worker/service';
import { afterAll, expect, it } from 'vitest';
import { findHome } from '../native/home.ts';
import { processesOf } from '../native/processes.ts';
import { NativeRuntime } from '../native/runtime.ts';
import { openPrivateCopy } from '../src/test-servers.ts';

const lines: string[] = [];
const report = (line: string) => lines.push(line);
const copy = await openPrivateCopy({ ESTEIRA_RUNTIME: 'native' });
const runtime = new NativeRuntime(copy.place, [tasksScheduler, tasksWorker]);
const apps = ['scheduler-1', 'scheduler-2', 'worker-1', 'worker-2'];

/** What is up, and not only alive. */
async function ready(): Promise<string[]> {
  const all = await runtime.status();
  return all.filter(({ state, detail }) => state === 'up' && detail === undefined).map(({ name }) => name);
}

afterAll(() => copy.remove());

it('schedulers and workers of tasks run natively, as many as are asked for, beside what they need', async () => {
  await runtime.start({ PIPELINES: 'tasks', SCHEDULERS: '2', WORKERS: '2' }, { profile: 'all', report });
  expect(await ready()).toEqual(expect.arrayContaining(['tasks', 'rabbitmq', 'mongodb', ...apps]));
  for (const name of apps) expect(lines.join('\n')).toContain(`${name} is ready: http://127.0.0.1:`);
  expect((await runtime.status()).map(({ name }) => name)).not.toContain('postgres-system-1');
});

it('fewer of them run when fewer are asked for, and none when all is stopped', async () => {
  await runtime.start({ PIPELINES: 'tasks' }, { profile: 'all', report });
  expect((await ready()).filter((name) => apps.includes(name))).toEqual(['scheduler-1', 'worker-1']);
  await runtime.stop({ report });
  expect(processesOf(findHome(copy.place.state) ?? '')).toEqual([]);
});
