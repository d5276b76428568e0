import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings, System } from '@esteira/settings';
import type { App } from '@esteira/http';
import { connectBroker, names, openManagement } from '@esteira/messaging';
import { outageOf, withoutPasswords, type Logger, type Metrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import {
  ordersSource,
  ordersTable,
  ownTable as ownTableOf,
  sourceMigrations,
  sourceTable,
  stampedOrders,
  type OrdersTable,
} from '@esteira/orders/source';
import type { Publish } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { checkOwnTable, mendRestored } from '@esteira/postgres-source';
import { createRelay, openActionLog, openRedis, type Relay } from '@esteira/relay';
import { recordActions, type Actions } from './actions.ts';
import { buildApp } from './app.ts';
import { classifyFault } from './faults.ts';
import { openLane, type Lane } from './lane.ts';
import { countedPublish } from './publishing.ts';

/** What the API of a system is started with. */
export interface StartOptions {
  readonly settings: Settings;
  readonly system: System;
  readonly logger: Logger;
  readonly metrics: Metrics;
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
export async function startApi(options: StartOptions, stopping: AbortSignal): Promise<StartedApi> {
  const { settings, system, logger, metrics } = options;
  const name = `esteira orders-api ${system.name}`;
  const onError = (error: Error) => {
    logger.warn({ err: error }, 'an idle connection to Postgres broke; it is replaced when it is needed');
  };
  const postgres = openPostgres({ url: system.databaseUrl, applicationName: name, max: POSTGRES_CONNECTIONS, onError });
  await sourceReady(postgres, system, logger, stopping);
  const source = system.ownTable === undefined ? ordersTable : sourceTable(system.ownTable);
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name, logger });
  const lane = openLane(broker, openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL), logger);
  const publish = countedPublish(lane.publish, metrics);
  const relay = relayOf(options, { postgres, source, lane, publish });
  const { HOST: host, ALLOWED_HOSTS: allowedHosts, MAX_ATTEMPTS: maxAttempts, apiKeys: keys } = settings;
  const callers = { allowedHosts, trustedProxies: settings.TRUSTED_PROXIES, keys };
  const given = { system: system.name, ...callers, logger, metrics, maxAttempts, stopping };
  const actions = openActions(options);
  const parts = { ...given, postgres, source, relay, broker, actions };
  const app = await buildApp({ ...parts, brokerReady: lane.ready });
  await app.listen({ host, port: system.apiPort });
  relay.watch();
  logger.info({ system: system.name, postgres: postgres.address }, `ready at http://${host}:${system.apiPort}/docs`);
  return {
    app,
    stop: async () => {
      await Promise.all([app.close(), relay.close()]);
      await actions.close();
      lane.close();
      await broker.close();
      await postgres.close();
    },
  };
}

/** On a connection of its own, which ends after the last request. That Redis is away is told by the relay. */
function openActions({ settings, system, logger }: StartOptions): Actions {
  const redis = openRedis(settings.REDIS_URL, logger.child({}, { level: 'silent' }));
  const actions = recordActions(openActionLog(redis, system.name), logger);
  return {
    done: actions.done,
    close: async () => {
      await actions.close();
      await redis.close();
    },
  };
}

interface RelayParts {
  readonly postgres: Postgres;
  readonly source: OrdersTable;
  readonly lane: Lane;
  readonly publish: Publish;
}

function relayOf({ settings, system, logger }: StartOptions, parts: RelayParts): Relay {
  const { postgres, source: table, lane, publish } = parts;
  return createRelay({
    system: system.name,
    redisUrl: settings.REDIS_URL,
    source: ordersSource(postgres, { system: system.name, table }),
    publish,
    depth: lane.depth,
    pageSize: settings.PAGE_SIZE,
    maxLaneDepth: settings.MAX_LANE_DEPTH,
    leaseMs: settings.LEASE_MS,
    followPollMs: settings.FOLLOW_POLL_MS,
    landingMs: landingMs(settings.SHUTDOWN_MS),
    target: `exchange ${names.exchange(ordersPipeline)}`,
    blocked: lane.blocked,
    logger,
  });
}

/**
 * As soon as Postgres answers: brings our tables up to date, or checks a table of the user, which is never migrated.
 *
 * @throws what trying again does not mend, for example SourceNotReady.
 */
async function sourceReady(postgres: Postgres, system: System, logger: Logger, stopping: AbortSignal): Promise<void> {
  const { name, databaseUrl, ownTable } = system;
  const tell = (line: string) => {
    logger.warn(line);
  };
  const outage = outageOf(withoutPasswords(databaseUrl), logger);
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      if (ownTable !== undefined) await checkOwnTable(postgres, name, ownTableOf(ownTable));
      else {
        await migrate(databaseUrl, sourceMigrations, { onWait: tell });
        const restamped = await mendRestored(postgres, name, stampedOrders);
        if (restamped > 0) tell(`${restamped} rows of a restored dump were stamped again; the next run publishes them`);
      }
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
