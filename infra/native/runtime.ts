import type { Env, Settings } from '@esteira/config';
import { addressOf, catalogue, isOurs, servicesOf, type Service } from '../src/catalogue.ts';
import { mainPlace, type Place } from '../src/paths.ts';
import { isPortFree, movesFor, privatePort } from '../src/ports.ts';
import type { Report, Runtime, ServiceStatus } from '../src/runtime.ts';
import { applyMoves, forgetRunning, recordRunning, resolveSettings, startSettings } from '../src/settings.ts';
import { health } from './apps.ts';
import type { Context } from './context.ts';
import { findHome, openHome, removeHome, type Home } from './home.ts';
import { printLogs, tail } from './logs.ts';
import { installFor } from './packages.ts';
import { prepare } from './prepare.ts';
import type { Prepared, Program } from './program.ts';
import { readState, writeState, type State } from './state.ts';
import { endSupervision, isSupervised, programStates, restartProgram, stopPrograms, supervise } from './supervisor.ts';
import { until, type Probe } from './until.ts';

/** How long a service may take until it is ready. A server that recovers from a crash needs a while. */
const READY_MS = 90_000;

/** A service with what it runs. */
interface Running {
  readonly service: Service;
  readonly prepared: Prepared;
}

/** Private servers and the apps as processes of this machine, kept alive by a supervisord of their own. */
export class NativeRuntime implements Runtime {
  readonly name = 'native';
  readonly #place: Place;

  constructor(place: Place = mainPlace) {
    this.#place = place;
  }

  async start(env: Env, { profile, report }: { profile: string; report: Report }): Promise<Settings> {
    const wishes = startSettings(env, this.#place);
    const home = openHome(this.#place.state);
    const before = await this.#stateNow(home);
    const settings = await this.#withFreePorts(wishes, profile, before, report);
    const wanted = new Set([...before.active, ...servicesOf(profile, settings).map(({ name }) => name)]);
    const services = catalogue(settings).filter((service) => wanted.has(service.name) && isOurs(service));
    await installFor(services, report);

    const context = await this.#context(home, before, report);
    const running = await prepareAll(services, settings, context);
    const servers = running.filter(({ service }) => service.kind === 'server');
    const kept = running.filter(({ service }) => service.kind === 'server' || before.active.includes(service.name));
    writeState(home, { ...before, active: running.map(({ service }) => service.name), listening: listening(running) });
    recordRunning(settings, this.#place);
    await supervise(home, programsOf(kept));
    await allReady(home, servers, report);
    if (running.length > kept.length) await supervise(home, programsOf(running));
    await allReady(
      home,
      running.filter(({ service }) => service.kind === 'app').map(askWhatCanBe(services, settings)),
      report,
    );
    return settings;
  }

  async stop({ report }: { report: Report }): Promise<void> {
    const home = findHome(this.#place.state);
    if (home !== undefined) {
      const programs = await programStates(home);
      const up = programs.filter(({ state }) => state !== 'STOPPED' && state !== 'FATAL').map(({ name }) => name);
      if (up.length > 0) report('stopping');
      const isApp = (name: string) => /^(api|consumer)-/.test(name) || name === 'mongo-express';
      await stopPrograms(home, up.filter(isApp));
      await stopPrograms(
        home,
        up.filter((name) => !isApp(name) && !name.endsWith('-epmd')),
      );
      await endSupervision(home);
      writeState(openHome(this.#place.state), { ...readState(home), active: [], listening: {} });
    }
    forgetRunning(this.#place);
  }

  async status(): Promise<ServiceStatus[]> {
    const home = findHome(this.#place.state);
    const states = new Map(
      home === undefined ? [] : (await programStates(home)).map((program) => [program.name, program]),
    );
    return catalogue(resolveSettings(process.env, this.#place)).map((service) => {
      const program = states.get(service.name);
      const base = { name: service.name, kind: service.kind, address: addressOf(service) };
      if (!isOurs(service)) return { ...base, state: 'up', detail: 'run by somebody else' };
      if (program === undefined) return { ...base, state: 'down' };
      const state = STATES[program.state] ?? 'down';
      return { ...base, state, detail: program.detail, ...(program.pid === undefined ? {} : { pid: program.pid }) };
    });
  }

  async logs({ follow, service }: { follow: boolean; service?: string }): Promise<void> {
    const home = findHome(this.#place.state);
    if (home !== undefined) await printLogs(home, { follow, ...(service === undefined ? {} : { service }) });
  }

  async restart(service: string): Promise<void> {
    await restartProgram(openHome(this.#place.state).path, service);
  }

  async prune({ report }: { report: Report }): Promise<void> {
    await this.stop({ report });
    removeHome(this.#place.state);
    removeHome(this.#place.envFile);
  }

  /** A home whose supervisor is gone runs nothing, whatever it remembers. */
  async #stateNow(home: Home): Promise<State> {
    const state = readState(home.path);
    if (await isSupervised(home.path)) return state;
    await endSupervision(home.path);
    return { ...state, active: [], listening: {} };
  }

  async #withFreePorts(wishes: Settings, profile: string, state: State, report: Report): Promise<Settings> {
    const all = catalogue(wishes);
    const ownPorts = new Set(Object.values(state.listening));
    const starting = servicesOf(profile, wishes).filter(isOurs);
    const moves = await movesFor(starting, all, async (port) => ownPorts.has(port) || (await isPortFree(port)));
    for (const { setting, from, to } of moves)
      report(`${setting}: port ${from} is taken by another program, using ${to}`);
    return applyMoves(wishes, moves, this.#place);
  }

  async #context(home: Home, state: State, report: Report): Promise<Context> {
    const taken = new Set(Object.values(state.listening));
    const runs = state.active.includes('rabbitmq');
    for (const [purpose, start] of [
      ['rabbitmq-epmd', 21_369],
      ['rabbitmq-distribution', 25_672],
    ] as const) {
      const known = state.internal[purpose];
      if (known !== undefined && (runs || (await isPortFree(known)))) continue;
      state.internal[purpose] = await privatePort(start, taken);
    }
    return { home, cache: this.#place.cache, report, internalPort: (purpose) => state.internal[purpose] ?? 0 };
  }
}

const STATES: Record<string, ServiceStatus['state']> = { RUNNING: 'up', STARTING: 'starting', BACKOFF: 'starting' };

const programsOf = (running: readonly Running[]): Program[] => running.flatMap(({ prepared }) => prepared.programs);

const listening = (running: readonly Running[]): Record<string, number> =>
  Object.fromEntries(
    running.flatMap(({ service }) => service.listens.map(({ setting, port }) => [`${service.name}:${setting}`, port])),
  );

/** An optional service that can't be had is told and left out. */
async function prepareAll(services: readonly Service[], settings: Settings, context: Context): Promise<Running[]> {
  const prepared = services.map(async (service): Promise<Running[]> => {
    try {
      return [{ service, prepared: await prepare(service, settings, context) }];
    } catch (error) {
      if (service.optional !== true) throw error;
      context.report(`${service.name} is left out: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
  return (await Promise.all(prepared)).flat();
}

/** An app started without the parts it needs can be alive, not ready. */
const askWhatCanBe =
  (services: readonly Service[], settings: Settings) =>
  ({ service, prepared }: Running): Running => {
    const there = new Set(
      [...services, ...catalogue(settings).filter((other) => !isOurs(other))].map(({ name }) => name),
    );
    if (service.needs.every((need) => there.has(need))) return { service, prepared };
    return { service, prepared: { ...prepared, ready: () => health(service, 'live') } };
  };

async function allReady(home: Home, running: readonly Running[], report: Report): Promise<void> {
  await Promise.all(
    running.map(async ({ service, prepared }) => {
      try {
        await until(prepared.ready satisfies Probe, { timeoutMs: service.optional === true ? 20_000 : READY_MS });
        report(`${service.name} is ready: ${addressOf(service)}`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const message = `${service.name} is not ready: ${why}\n${tail(home.path, service.name)}`;
        if (service.optional !== true) throw new Error(message, { cause: error });
        report(message);
      }
    }),
  );
}
