// `npm run -s console:openapi`: prints the console's OpenAPI document. Nothing runs for it: no handler is called.
import { createLogger, createMetrics } from '@esteira/observability';
import { buildApp } from './app.ts';
import type { Console } from './console.ts';

const logger = createLogger({ name: 'openapi', level: 'silent' });
const described = { logger, metrics: createMetrics({}), allowedHosts: 'localhost' };
const app = await buildApp(described as Console);
await app.ready();
process.stdout.write(`${JSON.stringify(app.swagger(), undefined, 2)}\n`);
await app.close();
