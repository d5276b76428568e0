import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { heartbeatMigrations, postgresRegister, startHeartbeat } from '@esteira/heartbeat';
import type { Check } from '@esteira/http';
import { repeatedly } from '@esteira/lease';
import { connectBroker, openLanes, openManagement, TopologyMismatch } from '@esteira/messaging';
import { outageOf, type Logger, type Metrics, type Outage } from '@esteira/observability';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import type { Settings } from '@esteira/settings';
import { tasksPipeline } from '@esteira/tasks/messages';
import { SCHEDULER_ROLE, TaskDays, tasksMigrations } from '@esteira/tasks/store';
import { startHandingOver } from './handing-over.ts';
import { fireUntilStopped } from './firing-loop.ts';
import { measuresOf, type Measures } from './measures.ts';
import { Ownership } from './ownership.ts';
import { Plan } from './plan.ts';
import { forgetConfirmed, sendWaiting, sweepOldHandovers } from './sweep.ts';
import type { Firing } from './tick.ts';

/** How often a scheduler says that it lives, in milliseconds. */
const HEARTBEAT_MS = 2_000;
/** How often it looks for changes of schedules, and for schedulers that came or went, in milliseconds. */
const LOOK_MS = 500;
/** How often it looks for tasks whose predecessor has ended, in milliseconds. */
const WAITING_MS = 100;
/** How often it looks for what was never confirmed, in milliseconds. */
const SWEEP_MS = 1_000;
/** How often it makes the days to come, in milliseconds. */
const AHEAD_MS = 3_600_000;

/** How long what is under way may take when it stops, in milliseconds: a broker that takes nothing holds it up. */
const LONGEST_GOODBYE_MS = 5_000;

/** What a scheduler is started with. */
export interface SchedulerOptions {
  readonly settings: Pick<Settings, 'TASKS_DATABASE_URL' | 'RABBITMQ_URL' | 'RABBITMQ_MANAGEMENT_URL'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Under which name it registers, for example `scheduler-1@host`: no two that live have the same. */
  readonly worker: string;
}

/** A scheduler that fires. */
export interface Scheduler {
  readonly checks: Readonly<Record<string, Check>>;
  /** Fires nothing more, lets go of its schedules, and closes its connections. */
  stop(): Promise<void>;
}

/** Connects, brings the store up to date, takes its share of the schedules, and fires them. Rejects when it can't. */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const opened = new AsyncDisposableStack();
  try {
    return await started(options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function started(options: SchedulerOptions, opened: AsyncDisposableStack): Promise<Scheduler> {
  const { settings, logger, metrics, worker } = options;
  const onWait = (line: string) => {
    logger.warn(line);
  };
  for (const migrations of [tasksMigrations, deadLetterMigrations, heartbeatMigrations])
    await migrate(settings.TASKS_DATABASE_URL, migrations, { onWait });
  const sql = openStore(options);
  opened.defer(() => sql.close());
  const lanes = await openBroker(options, opened);
  const days = new TaskDays(sql);
  await days.ahead(Date.now());
  const plan = new Plan(({ scheduleId, name }, error) => {
    logger.error(
      { scheduleId, name, reason: String(error) },
      'a schedule can not be fired: mend its cron or time zone',
    );
  });
  const handing = startHandingOver(lanes.publish, logger);
  // Last of what may fail: a metric is made once in a process.
  const measures = measuresOf(metrics, plan, handing);
  const firing: Firing = { sql, plan, handing, days, lane: tasksPipeline.lanes[0], observe: measures.late };
  const leave = register(options, sql, () => ({ ...measures.counts(), schedules: plan.size }));
  const outage = outageOf(`the store of tasks at ${sql.address}`, logger);
  const loops = startLoops(firing, new Ownership(sql, plan, worker), { measures, outage, logger });
  return {
    checks: { 'tasks-store': () => sql.query('SELECT 1'), rabbitmq: lanes.ready },
    stop: async () => {
      // First: the others take over at once, and two owners do no harm.
      await leave();
      await Promise.race([
        Promise.all(loops.map((end) => end())),
        sleep(LONGEST_GOODBYE_MS, undefined, { ref: false }),
      ]);
      // What is not forgotten is looked at once more, by another scheduler.
      await forgetConfirmed(sql, handing).catch(outage.failed);
      await opened.disposeAsync();
    },
  };
}

/** Others find this scheduler in the store, and share the schedules with it. What is returned takes it off the list. */
function register({ worker, logger }: SchedulerOptions, sql: Postgres, counts: () => Record<string, number>) {
  const registered = { pipeline: tasksPipeline.name, role: SCHEDULER_ROLE, worker };
  const heartbeat = startHeartbeat(postgresRegister(sql), registered, {
    state: () => Promise.resolve({ why: null, counts: counts() }),
    onFault: (err) => {
      logger.warn({ err }, 'this scheduler can not say that it lives: others take over its schedules');
    },
    everyMs: HEARTBEAT_MS,
  });
  return () => heartbeat.stop();
}

/** What a scheduler does at the same time, until each is ended. */
function startLoops(
  firing: Firing,
  ownership: Ownership,
  { measures, outage, logger }: { measures: Measures; outage: Outage; logger: Logger },
): (() => Promise<void>)[] {
  const { sql, plan, handing, days } = firing;
  const onFault = outage.failed;
  const look = async () => {
    const isAll = await ownership.look();
    if (isAll) logger.info({ schedules: plan.size, schedulers: ownership.schedulers }, 'its share of the schedules');
    outage.answered();
  };
  return [
    repeatedly(LOOK_MS, look, onFault),
    repeatedly(WAITING_MS, () => sendWaiting(sql, handing), onFault),
    repeatedly(SWEEP_MS, () => sweepOldHandovers(sql, handing), onFault),
    repeatedly(AHEAD_MS, () => days.ahead(Date.now()), onFault),
    fireUntilStopped(firing, measures.fired, onFault),
  ];
}

function openStore({ settings, worker, logger }: SchedulerOptions): Postgres {
  return openPostgres({
    url: settings.TASKS_DATABASE_URL,
    applicationName: `esteira ${worker}`,
    onError: (err) => {
      logger.warn({ err }, 'an idle connection to the store of tasks broke; it is replaced when it is needed');
    },
  });
}

async function openBroker({ settings, worker, logger }: SchedulerOptions, opened: AsyncDisposableStack) {
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: `esteira ${worker}`, logger });
  opened.defer(() => broker.close());
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  const lanes = openLanes({ pipeline: tasksPipeline, appId: 'esteira', broker, management, logger });
  opened.defer(() => {
    lanes.close();
  });
  // A broker that is away is waited for while tasks are fired; one whose queues are not ours takes a person.
  await lanes.ready().catch((error: unknown) => {
    if (error instanceof TopologyMismatch) throw error;
  });
  return lanes;
}
