import closeWithGrace from 'close-with-grace';
import { settingsOrExit } from '@esteira/config';
import { processSettings } from '@esteira/settings';
import { createLogger, createMetrics } from '@esteira/observability';
import { startConsole, type StartedConsole } from './start.ts';

const settings = settingsOrExit(() => processSettings(process.env));
const logger = createLogger({ name: 'console', level: settings.LOG_LEVEL });
const metrics = createMetrics({ app: 'console' });
let started: StartedConsole | undefined;

closeWithGrace({ delay: settings.SHUTDOWN_MS, logger }, async ({ err, signal }) => {
  if (err !== undefined) logger.fatal({ err }, 'ending after an error that nobody handled');
  else logger.info({ signal }, 'stopping');
  await started?.stop();
});

try {
  started = await startConsole({ settings, logger, metrics });
} catch (error) {
  logger.fatal({ err: error }, 'the console could not start');
  process.exit(1);
}
