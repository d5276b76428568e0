import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { Env } from '@esteira/config';
import type { AppDeclaration, Settings } from '@esteira/settings';
import { APPS, catalogue, isOurs, servicesOf, type Service } from '../src/catalogue.ts';
import type { LogOptions } from '../src/log-lines.ts';
import { mainPlace, type Place } from '../src/paths.ts';
import { isPortFree, movesFor, privatePort } from '../src/ports.ts';
import type { Report, Runtime, ServiceStatus } from '../src/runtime.ts';
import { applyMoves, forgetRunning, recordRunning, resolveSettings, startSettings } from '../src/settings.ts';
import { because } from '../src/until.ts';
import { changedApps, codeOfApps } from './apps.ts';
import type { Context } from './context.ts';
import { findHome, openHome, removeHome, removeIfEmpty, type Home } from './home.ts';
import { exclusively } from './lock.ts';
import { printLogs } from './logs.ts';
import { installFor } from './packages.ts';
import { prepare } from './prepare.ts';
import { killProcessesOf } from './processes.ts';
import type { Program } from './program.ts';
import { allReady, askWhatCanBe, statusOf, type Running } from './ready.ts';
import { readState, writeState, type State } from './state.ts';
import { endSupervision, isSupervised, programStates, restartProgram, stopPrograms, supervise } from './supervisor.ts';

/** Private servers and the apps as processes of this machine, kept alive by a supervisord of their own. */
export class NativeRuntime implements Runtime {
  readonly name = 'native';
  readonly #place: Place;
  readonly #apps: readonly AppDeclaration[];

  /** @param apps what is declared; by default all apps there are. */
  constructor(place: Place = mainPlace, apps: readonly AppDeclaration[] = APPS) {
    this.#place = place;
    this.#apps = apps;
  }

  async start(env: Env, { profile, report }: { profile: string; report: Report }): Promise<Settings> {
    return this.#exclusively(report, async () => {
      const wishes = startSettings(env, this.#place);
      const home = openHome(this.#place.state);
      const before = await stateNow(home);
      const settings = await this.#withFreePorts(wishes, profile, before, report);
      const wanted = new Set([...before.active, ...servicesOf(profile, settings, this.#apps).map(({ name }) => name)]);
      const services = catalogue(settings, this.#apps).filter((service) => wanted.has(service.name) && isOurs(service));
      await installFor(services, report);
      await choosePrivatePorts(before);
      const context = contextOf(home, this.#place.cache, before, env, report);
      // What nobody needs is fetched while the others start, unless it runs already.
      const isLate = ({ name, optional }: Service) => optional === true && !before.active.includes(name);
      const { true: last = [], false: first = [] } = Object.groupBy(services, (service) => `${isLate(service)}`);
      const late = prepareAll(last, settings, context);
      const running = await prepareAll(first, settings, context);
      recordRunning(settings, this.#place);
      const remember = (all: readonly Running[]) => {
        const active = all.map(({ service }) => service.name);
        writeState(home, { ...before, active, listening: listening(all), code: codeOfApps(all) });
      };
      remember(running);
      for (const name of changedApps(before, codeOfApps(running)))
        report(`${name} is restarted: its code or its settings have changed since it was started`);
      await bringUp(home, before.active, running, late, { settings, report, remember });
      return settings;
    });
  }

  async stop({ report }: { report: Report }): Promise<void> {
    await this.#exclusively(report, async () => {
      const path = findHome(this.#place.state);
      if (path !== undefined) {
        await stopInOrder(path, report);
        writeState(openHome(this.#place.state), { ...readState(path), active: [], listening: {} });
      }
      forgetRunning(this.#place);
    });
  }

  async stopApps({ report }: { report: Report }): Promise<void> {
    await this.#exclusively(report, async () => {
      const path = findHome(this.#place.state);
      if (path === undefined) return;
      const state = readState(path);
      const isApp = appsIn(state);
      const apps = (await programsUp(path)).filter(isApp);
      if (apps.length > 0) report(`stopping ${apps.length} apps`);
      await stopPrograms(path, apps);
      const ports = Object.entries(state.listening).filter(([key]) => !isApp(key.replace(/:\d+$/, '')));
      const active = state.active.filter((name) => !isApp(name));
      writeState(openHome(this.#place.state), { ...state, active, listening: Object.fromEntries(ports) });
    });
  }

  async status(): Promise<ServiceStatus[]> {
    const home = findHome(this.#place.state);
    const programs = new Map((home === undefined ? [] : await programStates(home)).map((one) => [one.name, one]));
    const services = catalogue(resolveSettings(process.env, this.#place), this.#apps);
    return Promise.all(services.map((service) => statusOf(service, programs.get(service.name))));
  }

  async logs(options: LogOptions): Promise<void> {
    const home = findHome(this.#place.state);
    if (home !== undefined) await printLogs(home, options);
  }

  async restart(service: string): Promise<void> {
    await restartProgram(openHome(this.#place.state).path, service);
  }

  /** Packages that apt-get installed stay: they may be somebody else's by now. */
  async prune({ report }: { report: Report }): Promise<void> {
    await this.#exclusively(report, async () => {
      const home = findHome(this.#place.state);
      if (home !== undefined) await killProcessesOf(home);
      removeHome(this.#place.state);
      removeHome(this.#place.envFile);
      if (this.#place === mainPlace) removeHome(this.#place.cache);
      forgetRunning(this.#place);
    });
    removeIfEmpty(dirname(this.#place.state));
  }

  #exclusively<T>(report: Report, work: () => Promise<T>): Promise<T> {
    return exclusively(`${this.#place.state}.lock`, report, work);
  }

  async #withFreePorts(wishes: Settings, profile: string, state: State, report: Report): Promise<Settings> {
    const ownPorts = new Set(Object.values(state.listening));
    const isFree = async (port: number) => ownPorts.has(port) || (await isPortFree(port));
    const runs = (name: string) => state.active.includes(name);
    const starting = servicesOf(profile, wishes, this.#apps).filter(isOurs);
    const moves = await movesFor(starting, catalogue(wishes, this.#apps), isFree, runs);
    return applyMoves(wishes, moves, this.#place, report);
  }
}

/** A home whose supervisor is gone runs nothing, whatever it remembers; what a killed one left behind is ended. */
async function stateNow(home: Home): Promise<State> {
  const state = readState(home.path);
  if (await isSupervised(home.path)) return state;
  await endSupervision(home.path);
  return { ...state, active: [], listening: {} };
}

/**
 * Anywhere in a range. Two copies that start at once would choose the same port otherwise; and a broker whose name server
 * is gone registers with whatever takes that port next, and would be there under the name that another copy's broker needs.
 */
const somewhere = () => 24_000 + Math.floor(Math.random() * 1_000);

/** RabbitMQ's name server and its distribution have ports of their own; no setting names them. */
async function choosePrivatePorts(state: State): Promise<void> {
  if (state.active.includes('rabbitmq')) return;
  const taken = new Set<number>();
  for (const purpose of ['rabbitmq-epmd', 'rabbitmq-distribution'])
    state.internal[purpose] = await privatePort(state.internal[purpose] ?? somewhere(), taken);
}

function contextOf(home: Home, cache: string, state: State, env: Env, report: Report): Context {
  return {
    home,
    cache,
    env,
    report,
    internalPort: (purpose) => state.internal[purpose] ?? 0,
    secret: (purpose) => (state.secrets[purpose] ??= randomBytes(24).toString('hex')),
  };
}

/** An optional service that can't be had is told and left out. */
async function prepareAll(services: readonly Service[], settings: Settings, context: Context): Promise<Running[]> {
  const prepared = services.map(async (service): Promise<Running[]> => {
    try {
      return [{ service, prepared: await prepare(service, settings, context) }];
    } catch (error) {
      if (service.optional !== true) throw error;
      context.report(`${service.name} is left out: ${because(error)}`);
      return [];
    }
  });
  return (await Promise.all(prepared)).flat();
}

interface Telling {
  readonly settings: Settings;
  readonly report: Report;
  readonly remember: (running: readonly Running[]) => void;
}

/** Servers first, then apps (those that run already are kept meanwhile), at last what nobody needs. */
async function bringUp(
  home: Home,
  before: readonly string[],
  needed: readonly Running[],
  late: Promise<readonly Running[]>,
  { settings, report, remember }: Telling,
): Promise<void> {
  const isApp = ({ service }: Running) => service.kind === 'app';
  const first = needed.filter((one) => !isApp(one) || before.includes(one.service.name));
  const apps = askWhatCanBe(needed, settings).filter(isApp);
  await supervise(home, programsOf(first));
  const servers = needed.filter((one) => !isApp(one));
  await allReady(home.path, servers, report);
  if (first.length < needed.length) await supervise(home, programsOf(needed));
  await allReady(home.path, apps, report);
  const optional = await late;
  if (optional.length === 0) return;
  remember([...needed, ...optional]);
  await supervise(home, programsOf([...needed, ...optional]));
  await allReady(home.path, optional, report);
}

/** Which programs are apps: those whose code is remembered, and where none is, those of the builds that remembered none. */
const appsIn =
  ({ code }: State) =>
  (name: string): boolean =>
    Object.hasOwn(code, name) || /^(api-|consumer-|console$)/.test(name);

const programsUp = async (home: string): Promise<string[]> =>
  (await programStates(home)).filter(({ state }) => state !== 'STOPPED' && state !== 'FATAL').map(({ name }) => name);

/** Apps first, so that no server goes away under them; then the servers; at last what RabbitMQ's node needs. */
async function stopInOrder(home: string, report: Report): Promise<void> {
  const up = await programsUp(home);
  if (up.length > 0) report(`stopping ${up.length} processes`);
  const isApp = appsIn(readState(home));
  const usesServers = (name: string) => isApp(name) || name === 'mongo-express';
  await stopPrograms(home, up.filter(usesServers));
  const servers = up.filter((name) => !usesServers(name) && !name.endsWith('-epmd'));
  await stopPrograms(home, servers);
  await endSupervision(home);
}

const programsOf = (running: readonly Running[]): Program[] => running.flatMap(({ prepared }) => prepared.programs);

const listening = (running: readonly Running[]): Record<string, number> =>
  Object.fromEntries(
    running.flatMap(({ service }) => service.listens.map(({ port }) => [`${service.name}:${port}`, port])),
  );
