import { loadSettings } from '@esteira/settings';
import type { App } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { freePort, freshDatabase, freshName, freshVirtualHost } from '@esteira/tests/support';
import { inject } from 'vitest';
import { startApi } from '../src/start.ts';

/** An API of the test file's own: fresh database, virtual host and system name. */
export interface OwnApi {
  readonly app: App;
  readonly system: string;
  /** Where it listens, for example `http://127.0.0.1:43117`. */
  readonly url: string;
  readonly postgres: Postgres;
  /** Stops it and drops what it had. */
  drop(): Promise<void>;
}

/** Starts an API in this process. */
export async function ownApi(): Promise<OwnApi> {
  const name = freshName('s').replaceAll('_', '-');
  const [database, vhost, port] = await Promise.all([
    freshDatabase('SYSTEM1_DATABASE_URL'),
    freshVirtualHost(),
    freePort(),
  ]);
  const settings = loadSettings({
    ...inject('env'),
    SYSTEMS: name,
    SYSTEM1_API_PORT: String(port),
    SYSTEM1_DATABASE_URL: database.url,
    RABBITMQ_URL: vhost.url,
  });
  const [system] = settings.systems;
  if (system === undefined) throw new Error('no system');
  const logger = createLogger({ name: 'test', level: 'silent' });
  const metrics = createMetrics({ app: 'orders-api', system: name });
  const api = await startApi({ settings, system, logger, metrics }, new AbortController().signal);
  const postgres = openPostgres({ url: database.url, applicationName: 'api test', max: 4 });
  return {
    app: api.app,
    system: name,
    url: `http://127.0.0.1:${port}`,
    postgres,
    async drop() {
      await api.stop();
      await postgres.close();
      await Promise.all([database.drop(), vhost.drop()]);
    },
  };
}

/** Waits until something holds, asking again and again. */
export async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A row of the source, as tests compare it. */
export interface StoredOrder {
  product: string;
  price: string;
  security_check: boolean;
  created_at: string;
}

/** Orders in the order of their ids. */
export function ordersIn(postgres: Postgres): Promise<StoredOrder[]> {
  return postgres.query<StoredOrder>('select product, price, security_check, created_at from orders order by id');
}
