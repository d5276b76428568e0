// `npm run -s console:openapi`: prints the console's OpenAPI document. Nothing runs for it: no handler is called.
import { openSessions } from '@esteira/http';
import { createLogger, createMetrics } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { buildApp } from './app.ts';
import type { Console } from './console.ts';
import type { OrdersParts } from './pipelines/orders/parts.ts';
import { ordersRoutes } from './pipelines/orders/routes.ts';

const logger = createLogger({ name: 'openapi', level: 'silent' });
// With a key, so that the sign-in is in it.
const keys = [{ name: 'somebody', key: 'not a key of anybody', role: 'operator' }] as const;
const access = { keys, sessions: openSessions(keys, '') };
const orders = { redrivable: { pipeline: ordersPipeline }, own: ordersRoutes({} as OrdersParts) };
const described = {
  pipelines: [orders],
  access,
  logger,
  metrics: createMetrics({}),
  allowedHosts: 'localhost',
  trustedProxies: 'loopback',
};
const app = await buildApp(described as unknown as Console);
await app.ready();
process.stdout.write(`${JSON.stringify(app.swagger(), undefined, 2)}\n`);
await app.close();
