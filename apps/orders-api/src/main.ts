import { setFlagsFromString } from 'node:v8';
import closeWithGrace from 'close-with-grace';
import { exitForPerson, settingsOrExit, SettingsError, type Env } from '@esteira/config';
import { processSettings, settingsForOrders, type Settings, type System } from '@esteira/settings';
import { causeOf, createLogger, createMetrics } from '@esteira/observability';
import { SessionUnfit } from '@esteira/postgres';
import { SourceNotReady } from '@esteira/postgres-source';
import type { StartedApi } from '@esteira/relay-api';
import { startApi } from './start.ts';

// V8's young generation has its full size with its first growth. Otherwise it doubles now and then, the last time after
// some 300,000 orders: 70 MiB more in the middle of a run, which looks like a leak.
setFlagsFromString('--semi-space-growth-factor=16');

/** The settings, and the system that `SYSTEM` says this process serves. @throws SettingsError */
function settingsOf(env: Env): { settings: Settings; system: System } {
  const settings = settingsForOrders(processSettings(env));
  const system = settings.systems.find(({ name }) => name === env['SYSTEM']);
  if (system !== undefined) return { settings, system };
  const known = settings.systems.map(({ name }) => name).join(', ');
  throw new SettingsError([`SYSTEM is ${env['SYSTEM'] ?? 'not set'}; it must be one of SYSTEMS: ${known}`]);
}

const { settings, system } = settingsOrExit(() => settingsOf(process.env));
const logger = createLogger({ name: `orders-api ${system.name}`, level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'orders-api', system: system.name });
const stopping = new AbortController();
let api: StartedApi | undefined;

closeWithGrace({ delay: settings.SHUTDOWN_MS, logger }, async ({ err, signal }) => {
  if (err !== undefined) logger.fatal({ err }, 'ending after an error that nobody handled');
  else logger.info({ signal }, 'stopping');
  stopping.abort();
  await api?.stop();
});

try {
  api = await startApi({ settings, system, logger, metrics }, stopping.signal);
} catch (error) {
  if (!stopping.signal.aborted) {
    const needsAPerson = error instanceof SourceNotReady || error instanceof SessionUnfit;
    logger.fatal(causeOf(error, needsAPerson), 'the API could not start');
    if (needsAPerson) exitForPerson();
    process.exit(1);
  }
}
