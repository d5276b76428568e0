import { createConnection } from 'node:net';
import { EXIT_CONFIG } from '@esteira/config';
import type { Settings } from '@esteira/settings';
import { addressOf, isOurs, type Service } from '../src/catalogue.ts';
import type { Report, ServiceStatus } from '../src/runtime.ts';
import { answeringPid, health, questionFor } from '../src/health.ts';
import { tail } from './logs.ts';
import type { Prepared } from './program.ts';
import { programStates, type ProgramState } from './supervisor.ts';
import { because, until } from '../src/until.ts';

/** A service with what it runs. */
export interface Running {
  readonly service: Service;
  readonly prepared: Prepared;
}

/** How long a service may take until it is ready. A server that recovers from a crash needs a while. */
const READY_MS = 120_000;

/** Waits until all are ready; rejects when one can't be, with the last lines it wrote. */
export async function allReady(home: string, running: readonly Running[], report: Report): Promise<void> {
  const waiting = new AbortController();
  const watch = givenUp(home, running, waiting.signal);
  const each = running.map(async ({ service, prepared }) => {
    try {
      const giveUp = () => (waiting.signal.aborted ? new Error('another service is not ready') : undefined);
      await until(() => readyItself(home, service, prepared), {
        timeoutMs: service.optional === true ? 20_000 : READY_MS,
        giveUp,
      });
      report(`${service.name} is ready: ${addressOf(service)}`);
    } catch (error) {
      const failure = notReady(home, service, because(error));
      if (service.optional !== true) throw failure;
      if (!waiting.signal.aborted) report(failure.message);
    }
  });
  try {
    await Promise.race([Promise.all(each), watch]);
  } finally {
    waiting.abort();
  }
}

/** Another checkout may have taken the port a moment ago: what answers there must be the process started here. */
async function readyItself(home: string, service: Service, prepared: Prepared): Promise<string | undefined> {
  const reason = await prepared.ready();
  if (reason !== undefined || service.kind !== 'app') return reason;
  const program = (await programStates(home)).find(({ name }) => name === service.name);
  if (program?.pid !== undefined && program.pid === (await answeringPid(service))) return undefined;
  return `another program answers at ${addressOf(service)}`;
}

/** Apps started without the parts they need can be alive, not ready. */
export function askWhatCanBe(running: readonly Running[], settings: Settings): Running[] {
  const started = running.map(({ service }) => service);
  return running.map(({ service, prepared }) => {
    if (questionFor(service, started, settings) === 'ready') return { service, prepared };
    return { service, prepared: { ...prepared, ready: () => health(service, 'live') } };
  });
}

/** What a person is told: a supervised process that doesn't answer yet is starting. */
export async function statusOf(service: Service, program: ProgramState | undefined): Promise<ServiceStatus> {
  const base = { name: service.name, kind: service.kind, address: addressOf(service) };
  if (!isOurs(service)) return { ...base, state: 'up', detail: 'run by somebody else' };
  if (program === undefined || ['STOPPED', 'FATAL', 'EXITED'].includes(program.state))
    return { ...base, state: 'down' };
  const known = program.pid === undefined ? base : { ...base, pid: program.pid };
  if (!['RUNNING', 'STARTING'].includes(program.state)) return { ...known, state: 'starting', detail: program.detail };
  if (!(await accepts(service.listens[0].port))) return { ...known, state: 'starting', detail: 'does not answer yet' };
  if (service.kind === 'server') return { ...known, state: 'up' };
  const reason = await health(service, 'ready').catch((error: unknown) => String(error));
  return reason === undefined ? { ...known, state: 'up' } : { ...known, state: 'up', detail: `not ready: ${reason}` };
}

/** Rejects when a program ends again and again: it won't get better by waiting. Never resolves before the end. */
async function givenUp(home: string, running: readonly Running[], waiting: AbortSignal): Promise<void> {
  const failures = new Map<string, string[]>();
  await until(
    async () => {
      if (waiting.aborted) return undefined;
      for (const { name, state } of (await programStates(home)).filter(({ state }) =>
        ['BACKOFF', 'FATAL', 'EXITED'].includes(state),
      )) {
        failures.set(name, [...(failures.get(name) ?? []), state]);
      }
      return 'waiting';
    },
    { timeoutMs: READY_MS * 2, everyMs: 1_000, giveUp: () => hopeless(home, running, failures) },
  );
}

function hopeless(
  home: string,
  running: readonly Running[],
  failures: ReadonlyMap<string, readonly string[]>,
): Error | undefined {
  const needed = running.map((one) => one.service).filter(({ optional }) => optional !== true);
  const service = needed.find(({ name }) => (failures.get(name)?.length ?? 0) >= 5);
  return service === undefined ? undefined : notReady(home, service, whyHopeless(failures.get(service.name) ?? []));
}

/** What ended and stays so needs a person; anything else is started again. */
const whyHopeless = (states: readonly string[]): string =>
  states.slice(-3).every((state) => state === 'EXITED')
    ? `it has ended with ${EXIT_CONFIG}: mend what it says, then make start`
    : 'it ends again and again';

const notReady = (home: string, service: Service, why: string): Error =>
  new Error(`${service.name} is not ready: ${why}\n${tail(home, service.name)}`);

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: 1_000 });
    const answer = (accepted: boolean) => () => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
