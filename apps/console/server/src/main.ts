import closeWithGrace from 'close-with-grace';
import { exitForPerson, processSettings, SettingsError, type Settings } from '@esteira/config';
import { createLogger, createMetrics } from '@esteira/observability';
import { startConsole, type StartedConsole } from './start.ts';

function settingsOrExit(): Settings {
  try {
    return processSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitForPerson();
  }
}

const settings = settingsOrExit();
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
