import type { App } from '../apps.ts';
import { ask, untilIs } from './client.ts';
import type { System } from './world.ts';

/** A job, as far as it matters here. */
interface Job {
  readonly id: string;
  readonly state: string;
  readonly total: number;
  readonly handled: number;
  readonly done: number;
  readonly is_tidy: boolean;
}

/** How a redrive went. Seconds count from the request, if nothing else is said. */
export interface Redriven {
  readonly job: string;
  /** Until the last one was confirmed by RabbitMQ. */
  readonly seconds: number;
  /** From then on, until RabbitMQ's queue of dead letters was tidy. */
  readonly tidySeconds: number;
  /** Of one whose console was killed: from then until a console was ready, and until the job went on. */
  readonly killed?: { readonly backSeconds: number; readonly awaySeconds: number };
}

/** The console, and how it is started again after a kill. */
export interface Killable {
  console: App;
  readonly start: () => Promise<App>;
}

/**
 * Redrives the open dead letters of a system, as fast as it goes, over HTTP. With `kill` the console is ended by kill -9
 * when it has dealt with 40 %, and started again at once, as its supervisor does.
 */
export async function redrive(place: Killable, system: System, letters: number, kill: boolean): Promise<Redriven> {
  const selection = { filter: { origin: system } };
  const body = { selection, why: 'measured by the bench' };
  const started = performance.now();
  const job = (await ask(place.console.url, { path: '/v0/pipelines/orders/dead-letters/redrives', body }))
    .answer as Job;
  const path = `/v0/pipelines/orders/jobs/${job.id}`;
  const killed = kill ? await killInTheMiddle(place, path, letters) : undefined;
  const ended = await untilIs<Job>(place.console.url, path, ({ state }) => state !== 'running');
  const seconds = (performance.now() - started) / 1_000;
  if (ended.state !== 'finished' || ended.done !== letters)
    throw new Error(`It does not count: ${JSON.stringify(ended)}`);
  await untilIs<Job>(place.console.url, path, ({ is_tidy: isTidy }) => isTidy);
  const tidySeconds = (performance.now() - started) / 1_000 - seconds;
  return { job: job.id, seconds, tidySeconds, ...(killed === undefined ? {} : { killed }) };
}

async function killInTheMiddle(place: Killable, path: string, letters: number): Promise<Redriven['killed']> {
  await untilIs<Job>(place.console.url, path, ({ handled }) => handled >= letters * 0.4, { everyMs: 20 });
  await place.console.kill();
  const killed = performance.now();
  place.console = await place.start();
  const backSeconds = (performance.now() - killed) / 1_000;
  const before = (await ask(place.console.url, { path })).answer as Job;
  const goesOn = ({ state, handled }: Job) => state !== 'running' || handled > before.handled;
  await untilIs<Job>(place.console.url, path, goesOn, { everyMs: 20 });
  return { backSeconds, awaySeconds: (performance.now() - killed) / 1_000 };
}
