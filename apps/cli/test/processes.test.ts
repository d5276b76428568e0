import { hostname } from 'node:os';
import type { KnownProcess } from '@esteira/heartbeat';
import type { ServiceStatus } from '@esteira/infra';
import { expect, it } from 'vitest';
import { processesOf } from '../src/processes.ts';

const process = (pipeline: string, role: string, worker: string, host: string): KnownProcess => ({
  ...{ pipeline, role, worker, host, startedAt: '2026-11-30T08:00:00.000Z', seenAt: '2026-11-30T08:00:01.000Z' },
  ...{ isSilent: false, state: { why: null, counts: {} } },
});
const up = (name: string): ServiceStatus => ({ name, kind: 'app', state: 'up', address: '' });

const here = process('tasks', 'worker', `worker-1@${hostname()}`, hostname());
const elsewhere = process('tasks', 'scheduler', 'scheduler-1@another', 'another');
const consumer = process('orders', 'consumer', `consumer-1@${hostname()}`, hostname());
const of = (all: readonly KnownProcess[]) => ({
  known: (pipeline: string) => Promise.resolve(all.filter((one) => one.pipeline === pipeline)),
});
const registers = { endput: of([consumer]), redis: of([]), tasks: of([here, elsewhere]) };

it('each store is asked for the processes of its pipeline: those declared here, and those started elsewhere', async () => {
  const services = ['endput', 'tasks', 'consumer-1', 'worker-1'].map(up);
  const { declared, elsewhere: others, unknown } = await processesOf({ registers, systems: [] }, services);
  expect([...declared]).toEqual([
    ['consumer-1', consumer],
    ['worker-1', here],
  ]);
  expect(others).toEqual([elsewhere]);
  expect(unknown).toEqual([]);
});

it('a store that is not up is not asked', async () => {
  const { declared, elsewhere: others } = await processesOf({ registers, systems: [] }, [up('endput')]);
  expect([...declared.keys(), ...others.map(({ worker }) => worker)]).toEqual([consumer.worker]);
});
