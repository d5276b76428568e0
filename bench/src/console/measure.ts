import { loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import { freePorts } from '@esteira/infra/ports';
import { connectBroker, laneDepth, type Broker } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { buildPage } from '@esteira/tests/browser';
import { startApp, startConsumer, type App } from '../apps.ts';
import type { Arena } from '../arena.ts';
import { openBooks } from '../books.ts';
import type { Measurement } from '../measured.ts';
import { openPlace } from '../place.ts';
import { ask, deep, untilIs } from './client.ts';
import { fillWorld, mirrorLetters } from './fill.ts';
import { expectEveryRoute, measurePages } from './measure-pages.ts';
import { measurePaint } from './paint.ts';
import { pagesAfterwards, pagesOf, type Known } from './pages.ts';
import { expectOnce, expectQueueIsTable, untilVacuumed } from './proof.ts';
import { redrive, type Killable, type Redriven } from './redrive.ts';
import { attemptsIn, deadLettersOf, messageOf, SYSTEMS, worldOf, type World } from './world.ts';

/**
 * The console over 1,000,000 attempts and 200,000 dead letters: how long every page waits, and how fast it redrives.
 *
 * Everything runs as `make start` starts it: two APIs, a consumer, the console. Pages are asked for over HTTP, one at a
 * time; the overview is opened in a browser, too. The redrives, of 100,000 letters each, run without a consumer, so that both cores are theirs, as a redrive's rate
 * is measured and not a pipeline's; one of them is killed in the middle. After each RabbitMQ's queue of dead letters is
 * compared with the table, message by message. Then a consumer takes what was sent, and every letter must have been
 * redriven, stored and logged once.
 */
export async function measureConsole(arena: Arena, attempts: number): Promise<Measurement[]> {
  const place = await openPlace(arena.servers.settings, { RECONCILE_EVERY_MINUTES: '0' });
  const settings = await withConsole(place.settings, place.queueUrl);
  const world = worldOf(attempts, Date.now());
  const running: App[] = [];
  try {
    arena.report('filling sources, endput, dead letters and log');
    await fillWorld(settings, world);
    await buildPage(); // Before the console: it serves what is there when it starts.
    const stage = await openStage(arena, settings, running);
    const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'bench', logger });
    await broker.untilConnected();
    try {
      await mirrorLetters(broker, world);
      return await measureAll(stage, broker, world, arena);
    } finally {
      await broker.close();
    }
  } finally {
    await Promise.all(running.map((app) => app.stop()));
    await place.drop();
  }
}

const logger = createLogger({ name: 'bench', level: 'silent' });

interface Stage extends Killable {
  readonly settings: Settings;
  readonly startConsumer: () => Promise<App>;
}

/** Two systems, and ports for the second API and the console. */
async function withConsole(settings: Settings, secondUrl: string): Promise<Settings> {
  const [console, api] = await freePorts(2);
  return loadSettings(Object.fromEntries(settingsEntries(settings)), {
    SYSTEMS: SYSTEMS.join(','),
    SYSTEM2_DATABASE_URL: secondUrl,
    SYSTEM2_API_PORT: String(api),
    CONSOLE_PORT: String(console),
  });
}

/** Starts what belongs to the console, and remembers it in `running`. */
async function openStage({ logFile, servers }: Arena, settings: Settings, running: App[]): Promise<Stage> {
  const remembered = async (starting: Promise<App>): Promise<App> => {
    const app = await starting;
    running.push(app);
    return app;
  };
  const options = { logFile, mark: servers.mark };
  const start = () => remembered(startApp('console/server', settings.CONSOLE_PORT, {}, settings, options));
  for (const { name, apiPort } of settings.systems) {
    await remembered(startApp('orders-api', apiPort, { SYSTEM: name }, settings, options));
  }
  const console = await start();
  return { settings, console, start, startConsumer: () => remembered(startConsumer(settings, options)) };
}

async function measureAll(stage: Stage, broker: Broker, world: World, arena: Arena): Promise<Measurement[]> {
  const letters = deadLettersOf(world);
  const consumer = await stage.startConsumer();
  const known = await prepare(stage.console.url, world);
  const pages = await pagesOf(known);
  await expectEveryRoute(stage.console.url, pages);
  arena.report(`asking for ${pages.length} pages`);
  const quiet = await measurePages(stage.console.url, pages);
  arena.report('opening the overview in a browser');
  const paints = await measurePaint(stage.console.url);
  await consumer.stop();

  const redrives: Measurement[] = [];
  const jobs: string[] = [];
  for (const [index, system] of SYSTEMS.entries()) {
    const kill = index === 0;
    arena.report(`redriving ${letters} letters${kill ? ', with a kill -9 in the middle' : ''}`);
    const before = await laneDepth(broker, ordersPipeline);
    const redriven = await redrive(stage, system, letters, kill);
    const copies = (await laneDepth(broker, ordersPipeline)) - before - letters;
    await expectQueueIsTable(stage.settings, broker);
    redrives.push(measurement(kill ? 'redrive, killed in the middle' : 'redrive', redriven, letters, copies));
    jobs.push(redriven.job);
  }
  arena.report('a consumer takes what was sent');
  await stage.startConsumer();
  await allStored(stage.settings, broker, world);
  for (const [index, system] of SYSTEMS.entries()) {
    await expectOnce(stage.settings, system, jobs[index] ?? '', letters);
  }
  arena.report('waiting for autovacuum');
  await untilVacuumed(stage.settings);
  const afterwards = await measurePages(stage.console.url, pagesAfterwards({ ...known, job: jobs[1] ?? '' }));
  return [...quiet, ...paints, ...redrives, ...afterwards];
}

async function allStored(settings: Settings, broker: Broker, world: World): Promise<void> {
  const books = openBooks(settings);
  try {
    const stored = SYSTEMS.length * world.rows;
    const logged = attemptsIn(world) + SYSTEMS.length * deadLettersOf(world);
    await books.until({ stored, logged }, async () => (await laneDepth(broker, ordersPipeline)) === 0);
  } finally {
    await books.close();
  }
}

function measurement(variant: string, redriven: Redriven, letters: number, copies: number): Measurement {
  const { seconds, killed, tidySeconds } = redriven;
  const figures = {
    'letters/s': letters / seconds,
    letters,
    seconds,
    ...(killed && { 'seconds to start': killed.backSeconds, 'seconds away': killed.awaySeconds, copies }),
    'seconds to tidy': tidySeconds,
  };
  return { bench: 'console', variant, figures };
}

/** What pages are asked for besides letters and messages: jobs, which change nothing, and a reconciliation. */
async function prepare(url: string, world: World): Promise<Known> {
  let job = '';
  for (let count = 0; count < JOBS; count += 1) {
    // A message that nobody knows: the job looks for it, and ends.
    const unknown = messageOf('system-1', world.rows + 3 + count).messageId;
    const body = { selection: { message_ids: [unknown] }, why: 'measured by the bench' };
    job = ((await ask(url, { path: '/v0/pipelines/orders/dead-letters/redrives', body })).answer as { id: string }).id;
  }
  await untilIs<{ state: string; is_tidy: boolean }>(
    url,
    `/v0/pipelines/orders/jobs/${job}`,
    (one) => one.state === 'finished' && one.is_tidy,
  );
  const { id } = (await ask(url, { path: '/v0/pipelines/orders/reconciliations', body: {} })).answer as { id: string };
  await untilIs<{ state: string }>(
    url,
    `/v0/pipelines/orders/reconciliations/${id}`,
    ({ state }) => state === 'finished',
    {
      everyMs: 500,
    },
  );
  return { world, job, reconciliation: id, deep: (path, items) => deep(url, path, items) };
}

const JOBS = 60;
