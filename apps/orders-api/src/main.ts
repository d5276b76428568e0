import closeWithGrace from 'close-with-grace';
import { exitForPerson, processSettings, SettingsError, type Settings, type System } from '@esteira/config';
import { createLogger, createMetrics } from '@esteira/observability';
import { SourceNotReady } from '@esteira/orders/source';
import { startApi, type StartedApi } from './start.ts';

/** The settings, and the system that `SYSTEM` says this process serves. Exits with 78 where either can't be used. */
function settingsOrExit(): { settings: Settings; system: System } {
  try {
    const settings = processSettings(process.env);
    const system = settings.systems.find(({ name }) => name === process.env['SYSTEM']);
    if (system !== undefined) return { settings, system };
    const known = settings.systems.map(({ name }) => name).join(', ');
    throw new SettingsError([`SYSTEM is ${process.env['SYSTEM'] ?? 'not set'}; it must be one of SYSTEMS: ${known}`]);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitForPerson();
  }
}

const { settings, system } = settingsOrExit();
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
    logger.fatal({ err: error }, 'the API could not start');
    if (error instanceof SourceNotReady) exitForPerson();
    process.exit(1);
  }
}
