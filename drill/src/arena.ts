import { join } from 'node:path';
import { loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import { appsOf, type PrivateServers, type AppService } from '@esteira/infra';
import type { LinkName } from './faults.ts';
import { openLinks, type Links } from './links.ts';
import { startProcess, type SupervisedProcess } from './processes.ts';
import type { LinkProxy } from './proxy.ts';

/** The pipeline that a drill breaks: its servers, its processes, and the links between them. */
export interface Arena {
  /** With the servers' own addresses: what the drill itself connects to. */
  readonly settings: Settings;
  readonly servers: PrivateServers;
  readonly processes: readonly SupervisedProcess[];
  readonly links: readonly Links[];
  process(name: string): SupervisedProcess;
  link(name: LinkName): LinkProxy;
  /** Ends the processes and the links. The servers stay. */
  close(): Promise<void>;
}

export interface ArenaOptions {
  readonly servers: PrivateServers;
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Modules that Node loads before an app. */
  readonly imports?: readonly string[];
  /** What every process needs of ours: PATH and the like. */
  readonly base: Readonly<Record<string, string>>;
  readonly logDirectory: string;
}

/** A coin for each attempt: see there. */
const COIN = join(import.meta.dirname, 'coin.ts');

/** Small pages and batches have many borders to break at; the log outlives every drill. */
const DRILL_SETTINGS = {
  CONSUMERS: '2',
  PAGE_SIZE: '250',
  BATCH_SIZE: '250',
  PREFETCH: '1000',
  RETRY_DELAY_MS: '400',
  LEASE_MS: '4000',
  SHUTDOWN_MS: '5000',
  ATTEMPT_LOG_TTL_SECONDS: '86400',
  // Longer than a process is ever stopped; the longer it is, the fewer messages are taken ahead.
  ATTEMPT_TIMEOUT_MS: '10000',
  VERIFIER: 'module',
  VERIFIER_MODULE: COIN,
};

/** Starts the apps, each behind links of its own, and waits until all of them are ready. */
export async function openArena(options: ArenaOptions, signal: AbortSignal): Promise<Arena> {
  const { servers, env = {} } = options;
  const settings = loadSettings({
    ...Object.fromEntries(settingsEntries(servers.settings)),
    ...DRILL_SETTINGS,
    ...env,
  });
  const apps = appsOf(settings).filter(({ role }) => role !== 'console');
  const links = await Promise.all(apps.map((app) => openLinks(app, settings)));
  const processes = apps.map((app, index) => startApp(app, links[index]?.env ?? {}, options));
  const arena: Arena = {
    settings,
    servers,
    processes,
    links,
    process: (name) =>
      found(
        processes.find((process) => process.name === name),
        name,
      ),
    link: ({ process, server }) =>
      found(links.find((one) => one.process === process)?.byServer.get(server), `${process} to ${server}`),
    close: async () => {
      await Promise.all(processes.map((process) => process.stop()));
      await Promise.all(links.flatMap(({ byServer }) => [...byServer.values()].map((proxy) => proxy.close())));
    },
  };
  try {
    await Promise.all(processes.map((process) => process.ready(signal)));
    return arena;
  } catch (error) {
    await arena.close();
    throw error;
  }
}

function found<T>(one: T | undefined, name: string): T {
  if (one === undefined) throw new Error(`The drill has no ${name}.`);
  return one;
}

function startApp(
  service: AppService,
  env: Readonly<Record<string, string>>,
  { servers, base, imports = [], logDirectory, env: further = {} }: ArenaOptions,
): SupervisedProcess {
  return startProcess({
    name: service.name,
    main: service.main,
    url: `http://127.0.0.1:${service.listens[0].port}`,
    env: { ...base, ...further, ...env, ...service.environment, ...servers.mark },
    imports,
    logFile: join(logDirectory, `${service.name}.log`),
  });
}
