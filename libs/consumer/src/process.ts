import closeWithGrace from 'close-with-grace';
import { AttemptLogUnusable } from '@esteira/attempt-log';
import { exitForPerson } from '@esteira/config';
import { createApp, type Access, type App, type Check } from '@esteira/http';
import { DelayStrategyRefused, TopologyMismatch } from '@esteira/messaging';
import { causeOf, type Logger, type Metrics } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import { SessionUnfit } from '@esteira/postgres';
import { openServers } from './servers.ts';
import type { ConsumerSettings } from './settings.ts';
import { STOP_MARGIN_MS } from './start.ts';

/** A person has to act before another start makes sense. */
const FINAL = [AttemptLogUnusable, DelayStrategyRefused, TopologyMismatch, SessionUnfit];

/** What is left for closing after the consumer has stopped, in milliseconds; whoever supervises waits for longer. */
const LAST_MS = 500;

/** What the process of a consumer reads besides what its consumer does. */
export interface ProcessSettings extends ConsumerSettings {
  readonly HOST: string;
  readonly ALLOWED_HOSTS: string;
  readonly TRUSTED_PROXIES: string;
  readonly SHUTDOWN_MS: number;
  readonly apiKeys: Access['keys'];
}

/** A process whose work is to consume a pipeline. */
export interface ConsumerProcess {
  readonly pipeline: Pipeline;
  readonly settings: ProcessSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly worker: string;
  /** Of its health and metrics: what they are of, and where. */
  readonly title: string;
  readonly port: number;
  /** Opens what the consumer works with, before any server is asked. */
  readonly open: () => Promise<ConsumerWork>;
  /** Whether an error needs a person, of those that only this pipeline knows. */
  readonly isFinal?: (error: unknown) => boolean;
}

/** How a consumer is started, as often as it takes, and what is closed after it. */
export interface ConsumerWork {
  readonly start: () => Promise<StartedConsumer>;
  readonly close?: () => Promise<void>;
}

interface StartedConsumer {
  readonly checks: Readonly<Record<string, Check>>;
  stop(withinMs: number): Promise<void>;
}

/**
 * Runs a consumer until this process is asked to end. Health is answered from the first moment on, and the consumer starts
 * once all servers have answered. It ends with 78 where a person has to act first.
 */
export async function runConsumer(options: ConsumerProcess): Promise<void> {
  const { pipeline, settings, logger, worker, isFinal } = options;
  const needsAPerson = (error: unknown) => FINAL.some((kind) => error instanceof kind) || isFinal?.(error) === true;
  const stopping = new AbortController();
  let consumer: StartedConsumer | undefined;
  try {
    const work = await options.open();
    const servers = await openServers(pipeline, settings, worker, logger);
    const starting = () => Promise.reject(new Error('the consumer is starting'));
    // What is asked changes hands when the consumer has started.
    const checks: Record<string, Check> = { ...servers.checks, consuming: starting };
    const app = await listening(options, checks);
    closeWithGrace({ delay: settings.SHUTDOWN_MS + STOP_MARGIN_MS + LAST_MS, logger }, async ({ err }) => {
      if (err === undefined) logger.info({ withinMs: settings.SHUTDOWN_MS }, 'stopping: finishing what is in flight');
      else logger.fatal({ err }, 'ending after an error that nobody handled');
      stopping.abort();
      await consumer?.stop(settings.SHUTDOWN_MS);
      await work.close?.();
      await app.close();
    });
    consumer = await servers.started(work.start, needsAPerson, stopping.signal);
    Object.assign(checks, consumer.checks);
    await servers.close();
  } catch (error) {
    if (stopping.signal.aborted) return;
    logger.fatal(causeOf(error, needsAPerson(error)), 'the consumer could not start');
    if (needsAPerson(error)) exitForPerson();
    process.exit(1);
  }
}

/** Health and metrics. */
async function listening(
  { pipeline, settings, logger, metrics, title, port }: ConsumerProcess,
  checks: Record<string, Check>,
): Promise<App> {
  const description = `Health and metrics of a consumer of the ${pipeline.name} pipeline. It has no other routes.`;
  const app = await createApp({
    ...{ logger, metrics, checks },
    info: { title, description, version: '0.1.0', tags: [] },
    allowedHosts: settings.ALLOWED_HOSTS,
    trustedProxies: settings.TRUSTED_PROXIES,
    access: { keys: settings.apiKeys },
  });
  await app.listen({ host: settings.HOST, port });
  return app;
}
