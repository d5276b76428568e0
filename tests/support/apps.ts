import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import { patient } from '@esteira/tests/patience';
import { vi } from 'vitest';
import { freePort, freePorts } from './ports.ts';
import {
  freshDatabase,
  freshMongoUrl,
  freshName,
  freshVirtualHost,
  serverSetting,
  type ServerSettings,
} from './servers.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A process of an app: it can be killed, and started again with the same settings. */
export interface AppProcess {
  readonly url: string;
  /** What it has written so far. */
  readonly output: () => string;
  readonly running: () => boolean;
  /** Of the process that runs now. */
  readonly pid: () => number;
  /** Sends a signal and waits for the end; gives the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
  /** Starts it (again) and waits until it is ready. */
  start(): Promise<void>;
}

/** A whole pipeline of its own: fresh databases and queues on the servers of the run, and the real apps. */
export interface Pipeline {
  readonly settings: Settings;
  /** By system, in the order of the settings. */
  readonly apis: readonly AppProcess[];
  readonly consumers: readonly AppProcess[];
  /** Not started before `console.start()`. */
  readonly console: AppProcess;
  /** One more console with further settings, at a port of its own; not started before its `start()`. */
  consoleWith(env: Readonly<Record<string, string>>): Promise<AppProcess>;
  /** One more API of a system, at a port of its own; not started before its `start()`. */
  apiOf(system: number): Promise<AppProcess>;
  post(system: number, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  get(system: number, path: string): Promise<Record<string, unknown>>;
  /**
   * Runs a system until no row is behind, whatever ends a run in between: its process, or a transaction of another test
   * that holds back the watermark of the server they share.
   */
  publishAll(system: number, body?: object): Promise<void>;
  stop(): Promise<void>;
}

/** What a test wants of its pipeline. */
export interface PipelineOptions {
  readonly systems?: number;
  readonly consumers?: number;
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** Other servers than those of the run: ones that a test may stop. */
  readonly servers?: ServerSettings;
}

/** Starts a pipeline and waits until all of it is ready. */
export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const { systems = 2, consumers: consumerCount = 1, env = {}, servers } = options;
  const names = Array.from({ length: systems }, (_, index) => `${freshName('s').replaceAll('_', '-')}-${index + 1}`);
  const vhost = await freshVirtualHost(servers);
  const endput = await freshDatabase('ENDPUT_DATABASE_URL', servers);
  // Sources may share a server here: what tells systems apart is their database.
  const sources = await Promise.all(
    names.map((_, index) => freshDatabase(index % 2 === 0 ? 'SYSTEM1_DATABASE_URL' : 'SYSTEM2_DATABASE_URL', servers)),
  );
  const ports = await freePorts(systems + consumerCount + 1);
  const settings = loadSettings({
    SYSTEMS: names.join(','),
    ...Object.fromEntries(sources.map(({ url }, index) => [`SYSTEM${index + 1}_DATABASE_URL`, url])),
    ...Object.fromEntries(names.map((_, index) => [`SYSTEM${index + 1}_API_PORT`, String(ports[index])])),
    ENDPUT_DATABASE_URL: endput.url,
    RABBITMQ_URL: vhost.url,
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL', servers),
    REDIS_URL: serverSetting('REDIS_URL', servers),
    MONGODB_URL: freshMongoUrl(servers),
    CONSOLE_PORT: String(ports.at(-1)),
    CONSUMERS: String(Math.max(1, consumerCount)),
    CONSUMER_PORT: String(ports[systems]),
    RECONCILE_EVERY_MINUTES: '0',
    RETRY_DELAY_MS: '200',
    // Of a busy machine too, what is in flight is finished when a process is asked to stop.
    SHUTDOWN_MS: '60000',
    ...env,
  });
  const apis = settings.systems.map(({ name, apiPort }) =>
    appProcess('orders-api', apiPort, settings, { SYSTEM: name }),
  );
  const consumers = ports.slice(systems, -1).map((port, index) =>
    // Each with a port of its own: the number is added to the first one's.
    appProcess('orders-consumer', port, settings, {
      CONSUMER_NUMBER: String(index + 1),
      CONSUMER_PORT: String(port - index),
    }),
  );
  const consolePage = appProcess('console/server', settings.CONSOLE_PORT, settings, {});
  const more: AppProcess[] = [];
  const stop = async () => {
    const all = [...apis, ...consumers, consolePage, ...more];
    await Promise.all(all.map((app) => app.end('SIGKILL')));
    await Promise.all([vhost, endput, ...sources].map((fresh) => fresh.drop()));
  };
  try {
    await Promise.all([...apis, ...consumers].map((app) => app.start()));
  } catch (error) {
    await stop(); // Nobody else can: what started would run for ever.
    throw error;
  }
  return {
    settings,
    apis,
    consumers,
    console: consolePage,
    consoleWith: async (changes) => {
      const port = await freePort();
      const another = appProcess('console/server', port, settings, { CONSOLE_PORT: String(port), ...changes });
      more.push(another);
      return another;
    },
    apiOf: async (system) => {
      const port = await freePort();
      const own = { SYSTEM: names[system] ?? '', [`SYSTEM${system + 1}_API_PORT`]: String(port) };
      const another = appProcess('orders-api', port, settings, own);
      more.push(another);
      return another;
    },
    post: (system, path, body) => post(apis[system], path, body),
    get: (system, path) => get(apis[system], path),
    publishAll: (system, body) => publishAll(apis[system], body),
    stop,
  };
}

async function get(api: AppProcess | undefined, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${api?.url ?? ''}${path}`);
  return (await response.json()) as Record<string, unknown>;
}

interface RunStatus {
  readonly run: { readonly phase: string } | null;
  readonly behind: { readonly rows: number } | null;
}

/** Runs until nothing is behind. While a run goes on, what the status says of that may be older than the rows. */
function publishAll(api: AppProcess | undefined, body: object = {}): Promise<void> {
  return vi.waitFor(
    async () => {
      await post(api, '/v0/process/run', body);
      const { behind } = await vi.waitFor(async () => {
        const status = (await get(api, '/v0/process/status')) as unknown as RunStatus;
        if (status.run !== null && status.run.phase !== 'following') throw new Error('a run is on its way');
        return status;
      }, patient);
      if (behind?.rows !== 0) throw new Error(`${behind?.rows ?? 'an unknown number of'} rows are behind`);
    },
    { ...patient, interval: 200 },
  );
}

async function post(api: AppProcess | undefined, path: string, body?: unknown) {
  const response = await fetch(`${api?.url ?? ''}${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

// By itself a signal ends a process without its `exit`.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/** A test run that is interrupted takes its apps along. */
function endsWithUs(child: ChildProcess): void {
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

/** A process of an app, at a port, with these settings; not started before its `start()`. */
export function appProcess(app: string, port: number, settings: Settings, own: Record<string, string>): AppProcess {
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, ...Object.fromEntries(settingsEntries(settings)), ...own };
  let child: ChildProcess | undefined;
  let output = '';
  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    url,
    running,
    pid: () => child?.pid ?? 0,
    output: () => output,
    signal: (signal) => child?.kill(signal),
    end: async (signal) => {
      if (child === undefined) return 0;
      if (running()) {
        const exit = once(child, 'exit');
        child.kill(signal);
        await exit;
      }
      return child.exitCode ?? child.signalCode ?? 0;
    },
    start: async () => {
      child = spawn(process.execPath, [join(ROOT, 'apps', app, 'src', 'main.ts')], {
        env: { ...env, ESTEIRA_ENV_FILE: '/dev/null' },
        cwd: ROOT,
      });
      endsWithUs(child);
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await vi.waitFor(async () => {
        if (!running()) throw new Error(`${app} ended: ${output}`);
        const { status } = await fetch(`${url}/health/ready`);
        if (status !== 200) throw new Error(`${app} is not ready: ${output}`);
      }, patient);
    },
  };
}
