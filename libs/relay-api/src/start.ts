import { setTimeout as sleep } from 'node:timers/promises';
import { redisRegister, startHeartbeat, type Heartbeat } from '@esteira/heartbeat';
import { within, type App, type Check } from '@esteira/http';
import { connectBroker, names, openLanes, openManagement, type OpenLanes } from '@esteira/messaging';
import { outageOf, withoutPasswords, type Logger, type Metrics } from '@esteira/observability';
import { maxAttemptsOf, mostDepthOf, present, type Pipeline } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import type { SourceTable } from '@esteira/postgres-source';
import {
  createRelay,
  openActionLog,
  openRedis,
  type CursorName,
  type PageSource,
  type RedisConnection,
  type Relay,
} from '@esteira/relay';
import { recordActions } from './actions.ts';
import type { RelayApi } from './api.ts';
import { countedPublish } from './counted-publish.ts';
import { classifyFault } from './faults.ts';
import type { RelayApiSettings, ServedSystem } from './settings.ts';

/** What the API of a system is started with. */
export interface StartOptions {
  readonly pipeline: Pipeline;
  /** What the process is called, for example `things-api`: in the names of its connections, and in its messages. */
  readonly app: string;
  /** Under which name others find it, for example `api-things@host:8001`: no two that live have the same. */
  readonly worker: string;
  readonly settings: RelayApiSettings;
  readonly system: ServedSystem;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly table: SourceTable;
  readonly cursor: CursorName;
  /**
   * Brings the source up to date, or checks it; asked again until Postgres answers. `tell` is for people.
   *
   * @throws what trying again does not mend, for example SourceNotReady.
   */
  readonly prepare: (postgres: Postgres, tell: (line: string) => void) => Promise<void>;
  /** The rows of the table, as pages of messages. */
  readonly source: (postgres: Postgres) => PageSource;
  /** Builds what listens. */
  readonly build: (api: RelayApi) => Promise<App>;
}

/** An API that listens. */
export interface StartedApi {
  readonly app: App;
  /** Takes nothing more, ends the run after the page at hand, and lets go of every server. */
  stop(): Promise<void>;
}

/** Four imports with two connections each, and what is left for everything else. */
const POSTGRES_CONNECTIONS = 16;

/** Waits between tries to reach Postgres, in milliseconds. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** The longest that pages in flight may wait for their confirms when the API stops, in milliseconds. */
const LONGEST_LANDING_MS = 5_000;

/** Half of the time there is: the rest is for the last words of the run, and for closing. */
const landingMs = (shutdownMs: number) => Math.min(LONGEST_LANDING_MS, shutdownMs / 2);

/** Brings the source up to date, connects, listens. `stopping` ends the wait for Postgres and long requests. */
export async function startRelayApi(options: StartOptions, stopping: AbortSignal): Promise<StartedApi> {
  const { pipeline, settings, system, logger, metrics, table: source } = options;
  const name = `esteira ${options.app} ${system.name}`;
  const onError = (error: Error) => {
    logger.warn({ err: error }, 'an idle connection to Postgres broke; it is replaced when it is needed');
  };
  const postgres = openPostgres({ url: system.databaseUrl, applicationName: name, max: POSTGRES_CONNECTIONS, onError });
  await sourceReady(postgres, options, stopping);
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name, logger });
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  const lane = openLanes({ pipeline, appId: `esteira-${options.app}`, broker, management, logger });
  const relay = relayOf(options, postgres, lane);
  const { HOST: host, ALLOWED_HOSTS: allowedHosts, MAX_ATTEMPTS: usually, apiKeys: keys } = settings;
  const maxAttempts = maxAttemptsOf(pipeline, pipeline.lanes[0], usually);
  const callers = { allowedHosts, trustedProxies: settings.TRUSTED_PROXIES, keys };
  const given = { pipeline, system: system.name, ...callers, logger, metrics, maxAttempts, stopping };
  // On a connection of its own, which ends after the last request. That Redis is away is told by the relay.
  const redis = openRedis(settings.REDIS_URL, logger.child({}, { level: 'silent' }));
  const actions = recordActions(openActionLog(redis, system.name), logger);
  const app = await options.build({ ...given, postgres, source, relay, broker, actions, brokerReady: lane.ready });
  await app.listen({ host, port: system.apiPort });
  relay.watch();
  const heartbeat = register(options, redis, relay, [() => postgres.query('select 1'), lane.ready]);
  logger.info({ system: system.name, postgres: postgres.address }, `ready at http://${host}:${system.apiPort}/docs`);
  return {
    app,
    stop: async () => {
      await Promise.all([app.close(), relay.close()]);
      await heartbeat.stop();
      await actions.close();
      await redis.close();
      lane.close();
      await broker.close();
      await postgres.close();
    },
  };
}

/** How long a server may take to answer before a process says of itself that it can't use it, in milliseconds. */
const CHECK_MS = 2_000;

/**
 * Others find this process in Redis, where its cursor and its lease are, wherever it was started: its source may be
 * somebody's own, in which no table can be made.
 */
function register(
  { pipeline, worker, logger }: StartOptions,
  redis: RedisConnection,
  relay: Relay,
  checks: readonly Check[],
): Heartbeat {
  const whyNot = async () => {
    try {
      await within(CHECK_MS, Promise.all(checks.map((check) => check())));
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const registered = { pipeline: pipeline.name, role: 'api', worker };
  return startHeartbeat(redisRegister(redis), registered, {
    state: async () => ({ why: await whyNot(), counts: {}, ...present({ holds: relay.runHere() }) }),
    onFault: (err) => {
      logger.warn({ err }, 'this process is not registered in Redis: others can not find it there');
    },
  });
}

function relayOf(
  { pipeline, settings, cursor, source, metrics, logger }: StartOptions,
  postgres: Postgres,
  lane: OpenLanes,
): Relay {
  const publish = countedPublish(lane.publish, pipeline, metrics);
  return createRelay({
    cursor,
    redisUrl: settings.REDIS_URL,
    source: source(postgres),
    publish,
    depth: lane.depth,
    pageSize: settings.PAGE_SIZE,
    maxLaneDepth: (name) => mostDepthOf(pipeline, name, settings.MAX_LANE_DEPTH),
    leaseMs: settings.LEASE_MS,
    followPollMs: settings.FOLLOW_POLL_MS,
    landingMs: landingMs(settings.SHUTDOWN_MS),
    target: `exchange ${names.exchange(pipeline)}`,
    blocked: lane.blocked,
    logger,
  });
}

/** As soon as Postgres answers. */
async function sourceReady(postgres: Postgres, options: StartOptions, stopping: AbortSignal): Promise<void> {
  const { system, prepare, logger } = options;
  const tell = (line: string) => {
    logger.warn(line);
  };
  const outage = outageOf(withoutPasswords(system.databaseUrl), logger);
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      await prepare(postgres, tell);
      outage.answered();
      return;
    } catch (error) {
      const fault = classifyFault(error as Error);
      if (fault === undefined) throw error;
      outage.failed(fault);
    }
    await sleep(wait, undefined, { signal: stopping });
  }
}
