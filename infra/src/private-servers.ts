import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Env } from '@esteira/config';
import type { Settings } from '@esteira/settings';
import { findHome, HOME_MARK } from '../native/home.ts';
import { programStates, startPrograms, stopPrograms } from '../native/supervisor.ts';
import { catalogue } from './catalogue.ts';
import { privatePlace, REPOSITORY } from './paths.ts';
import type { Report } from './runtime.ts';
import { runtimeAt } from './choose-runtime.ts';
import { openPrivateCopy, removeAbandoned } from './test-servers.ts';
import { until } from './until.ts';

/** Native servers of a drill's own, each of which can be taken away and given back. */
export interface PrivateServers {
  /** Names the copy, for {@link openKeptServers}. */
  readonly name: string;
  readonly settings: Settings;
  /** What the environment of a process must hold to be ended with the copy, whatever becomes of its parent. */
  readonly mark: Readonly<Record<string, string>>;
  /** Servers by the names of the catalogue, for example `rabbitmq` or `postgres-system-1`. */
  readonly servers: readonly string[];
  /** kill -9. The supervisor starts it again. @throws when it doesn't run, and is not started within two minutes. */
  kill(server: string): Promise<void>;
  /** Takes a server out until {@link start}: in order, or by kill -9. */
  stop(server: string, how: 'in order' | 'killed'): Promise<void>;
  /** Resolves when the server accepts connections again. */
  start(server: string): Promise<void>;
  /** Resolves when the server accepts connections; a killed one may take a while. */
  ready(server: string): Promise<void>;
  /** Ends everything of the copy and removes its data, or keeps it. */
  end(data: 'remove' | 'keep'): Promise<void>;
}

/** They recover from a crash, on a machine that has other things to do. */
const READY_MS = 120_000;

/** Starts servers on free ports in a place of their own. Native ones also where Docker answers: they can be killed. */
export async function startPrivateServers(env: Env, report: Report): Promise<PrivateServers> {
  const native = { ...env, ESTEIRA_RUNTIME: 'native' };
  await removeAbandoned(native, report);
  const copy = await openPrivateCopy(native, 'drill');
  try {
    const settings = await copy.runtime.start({ MONGOD_BIN: env['MONGOD_BIN'] }, { profile: 'test-servers', report });
    const end = async (data: 'remove' | 'keep') => {
      if (data === 'remove') return copy.remove();
      await copy.runtime.stop({ report: () => undefined });
      copy.keep();
    };
    return new SupervisedServers(copy.name, settings, findHome(copy.place.state) ?? copy.place.state, end);
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

/** Starts the servers of a copy that was kept. @throws where there is none of that name. */
export async function openKeptServers(name: string, env: Env, report: Report): Promise<PrivateServers> {
  const place = privatePlace(name);
  if (!/^drill-[0-9a-f]{6}$/.test(name) || !existsSync(place.envFile)) {
    throw new Error(`No drill called ${name} is kept in ${REPOSITORY}/.local.`);
  }
  const runtime = await runtimeAt({ ESTEIRA_RUNTIME: 'native' }, place, name);
  const settings = await runtime.start({ MONGOD_BIN: env['MONGOD_BIN'] }, { profile: 'test-servers', report });
  const end = (data: 'remove' | 'keep') =>
    data === 'remove' ? runtime.prune({ report: () => undefined }) : runtime.stop({ report: () => undefined });
  return new SupervisedServers(name, settings, findHome(place.state) ?? place.state, end);
}

class SupervisedServers implements PrivateServers {
  readonly name: string;
  readonly settings: Settings;
  readonly mark: Readonly<Record<string, string>>;
  readonly #home: string;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #end: PrivateServers['end'];

  constructor(name: string, settings: Settings, home: string, end: PrivateServers['end']) {
    this.name = name;
    this.settings = settings;
    this.mark = { [HOME_MARK]: home };
    this.#home = home;
    this.#end = end;
    const servers = catalogue(settings).filter(({ kind, optional }) => kind === 'server' && optional !== true);
    this.#ports = new Map(servers.map((server) => [server.name, server.listens[0].port]));
  }

  get servers(): readonly string[] {
    return [...this.#ports.keys()];
  }

  async kill(server: string): Promise<void> {
    process.kill(await this.#pidOf(server), 'SIGKILL');
  }

  async stop(server: string, how: 'in order' | 'killed'): Promise<void> {
    const pid = await this.#pidOf(server);
    const stopped = stopPrograms(this.#home, [server]);
    // The supervisor is told first: it would start a server again that ended by itself.
    if (how === 'killed') await this.#killStopping(server, pid);
    await stopped;
  }

  async start(server: string): Promise<void> {
    await startPrograms(this.#home, [server]);
    await this.ready(server);
  }

  ready(server: string): Promise<void> {
    const port = this.#ports.get(server);
    return until(() => accepts(port ?? 0), { timeoutMs: READY_MS });
  }

  end(data: 'remove' | 'keep'): Promise<void> {
    return this.#end(data);
  }

  /** The supervisor may be about to start it again. */
  async #pidOf(server: string): Promise<number> {
    let pid: number | undefined;
    const runs = async () => {
      pid = await this.#pidNow(server);
      return pid === undefined ? `${server} of ${this.name} does not run.` : undefined;
    };
    await until(runs, { timeoutMs: READY_MS });
    return pid ?? 0;
  }

  async #pidNow(server: string): Promise<number | undefined> {
    const program = (await programStates(this.#home)).find(({ name }) => name === server);
    return program?.state === 'RUNNING' || program?.state === 'STARTING' ? program.pid : undefined;
  }

  async #killStopping(server: string, pid: number): Promise<void> {
    await until(async () => ((await this.#pidNow(server)) === undefined ? undefined : 'not yet told'), {
      timeoutMs: 10_000,
      everyMs: 20,
    });
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  }
}

function accepts(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: 1_000 });
    const answer = (reason?: string) => () => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', answer()).once('error', answer('not there')).once('timeout', answer('no answer'));
  });
}
