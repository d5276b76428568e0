import { userInfo } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Env } from '@esteira/config';
import { settingsForOrders, type Settings } from '@esteira/settings';
import {
  createJob,
  deadLetterMigrations,
  getJob,
  jobResult,
  JobsOverlap,
  previewJob,
  resumeJob,
} from '@esteira/dead-letters';
import { resolveSettings } from '@esteira/infra';
import { ordersPipeline } from '@esteira/orders/domain';
import { endputMigrations } from '@esteira/orders/endput';
import { redrivableOrders } from '@esteira/orders/repair';
import { MAX_MAX_ATTEMPTS, present, scheduledDelays, waitsBefore } from '@esteira/pipeline';
import { migrate, type Postgres } from '@esteira/postgres';
import { withConnections } from '../connections.ts';
import { askedPipeline, pipelineOption } from '../pipelines/asked-pipeline.ts';
import { redriveThere } from '../pipelines/redrive.ts';
import { filterText, parseFilter } from '../redrive/filter.ts';
import { knownSystem } from '../redrive/known-system.ts';
import { endText, previewText, resultText } from '../redrive/report.ts';
import { ended, type Nothing } from '../redrive/ended.ts';
import { seeThrough } from '../redrive/run-job.ts';
import { Refused } from '../refused.ts';
import { formatted } from '../table.ts';
import { confirm, isOn, print, printProgress } from '../terminal.ts';

interface RedriveOptions {
  readonly filter?: string;
  readonly rate?: number;
  readonly stopAt: number;
  readonly maxAttempts?: number;
  readonly why: string;
  readonly job?: string;
  readonly yes?: boolean;
  readonly beside?: boolean;
  readonly pipeline: string;
}

const whole = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It is a whole number above 0.');
  return Number(text);
};

const attempts = (text: string): number => {
  const count = whole(text);
  if (count > MAX_MAX_ATTEMPTS) throw new InvalidArgumentError(`A message carries ${MAX_MAX_ATTEMPTS} at most.`);
  return count;
};

const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It is a number from 0 to 1.');
  return value;
};

/** `make redrive FILTER='reason=… system=…' RATE=500`: exit code 1 unless it went through to its end. */
export const redriveCommand = (env: Env): Command =>
  new Command('redrive')
    .description('sends dead letters to their lane again: previews, asks, and shows how far it is')
    .addOption(
      new Option('--filter <words>', 'those of which all this is true; without it all (FILTER=)').env('FILTER'),
    )
    .addOption(new Option('--rate <n>', 'at most so many a second (RATE=)').env('RATE').argParser(whole))
    .addOption(
      new Option('--stop-at <share>', 'stops itself when more than this share is dead again; 1: never (STOP_AT=)')
        .env('STOP_AT')
        .default(0.2)
        .argParser(share),
    )
    .addOption(new Option('--max-attempts <n>', 'attempts of each; by default what it had').argParser(attempts))
    .addOption(new Option('--why <text>', 'stays in the history (WHY=)').env('WHY').default('make redrive'))
    .addOption(new Option('--job <id>', 'goes on with a job that was paused or stopped itself (JOB=)').env('JOB'))
    .addOption(new Option('--beside', 'begins even where another job has some of them before it (BESIDE=1)'))
    .addOption(new Option('--yes', 'does not ask (YES=1)'))
    .addOption(pipelineOption())
    .action(async (options: RedriveOptions) => {
      const settings = settingsForOrders(resolveSettings(env));
      const yes = options.yes ?? isOn(env['YES']);
      const beside = options.beside ?? isOn(env['BESIDE']);
      const other = await askedPipeline(settings, options.pipeline);
      if (other !== undefined) {
        const { filter = '', ...asked } = options;
        process.exitCode = await redriveThere(other, { ...asked, filter: parseFilter(filter), yes, beside });
        return;
      }
      for (const migrations of [endputMigrations, deadLetterMigrations])
        await migrate(settings.ENDPUT_DATABASE_URL, migrations);
      process.exitCode = await withConnections(settings, ({ endput }) =>
        redrive(settings, endput, { ...options, yes, beside }),
      );
    });

async function redrive(settings: Settings, endput: Postgres, options: RedriveOptions): Promise<number> {
  const by = `cli: ${userInfo().username}`;
  const id =
    options.job === undefined ? await begin(settings, endput, options, by) : await goOn(endput, options.job, by);
  if (typeof id !== 'string') {
    print(id.says);
    return 0;
  }
  printProgress(`Job ${id}. Ctrl-C pauses it.`);
  const job = await seeThrough(settings, endput, id, { by });
  print(resultText(job, await jobResult(endput, redrivable(settings), job.id)));
  for (const line of endText(job)) print(line);
  return job.state === 'finished' ? 0 : 1;
}

const redrivable = ({ systems }: Settings) => redrivableOrders(systems.map(({ name }) => name));

/** Previews and asks. */
async function begin(
  settings: Settings,
  endput: Postgres,
  { filter: words = '', rate, stopAt, maxAttempts, why, yes, beside }: RedriveOptions,
  by: string,
): Promise<string | Nothing> {
  const filter = parseFilter(words);
  await knownSystem(endput, filter, settings.systems);
  const asked = {
    action: 'redrive' as const,
    selection: { filter },
    stopAtFailedShare: stopAt,
    ...present({ ratePerSecond: rate, maxAttempts }),
  };
  const preview = await previewJob(endput, redrivable(settings), asked);
  if (preview.total === 0) return { says: 'There is nothing to redrive.' };
  print(previewText(preview, longestWait(settings, maxAttempts)));
  await confirm(`Redrive ${formatted(preview.total)} dead letters (${filterText(filter)})?`, yes ?? false);
  const job = { ...asked, by, why, ...present({ beside }) };
  const made = await createJob(endput, ordersPipeline.name, job).catch((error: unknown) => {
    throw error instanceof JobsOverlap ? new Refused(`${error.message} BESIDE=1 begins all the same.`) : error;
  });
  return made.id;
}

/** The waits between all attempts of a message, together, in milliseconds. */
function longestWait(settings: Settings, maxAttempts = settings.MAX_ATTEMPTS): number {
  const { MAX_ATTEMPTS, RETRY_JITTER: jitter, retrySchedule } = settings;
  const delaysMs = scheduledDelays(retrySchedule, MAX_ATTEMPTS);
  return waitsBefore({ delaysMs, jitter }, maxAttempts).at(-1) ?? 0;
}

async function goOn(endput: Postgres, id: string, by: string): Promise<string | Nothing> {
  const job = await getJob(endput, ordersPipeline.name, id);
  if (job === undefined) throw new Refused(`There is no job ${id}.`);
  const over = ended(job);
  if (over !== undefined) return over;
  if (job.state === 'paused' || job.state === 'stopped') await resumeJob(endput, ordersPipeline.name, id, { by });
  return id;
}
