import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetterFilter, Job, Preview } from '@esteira/dead-letters';
import { present } from '@esteira/pipeline';
import { openDisplay } from '../redrive/display.ts';
import { ended, type Nothing } from '../redrive/ended.ts';
import { filterText } from '../redrive/filter.ts';
import { endText, previewText, resultText } from '../redrive/report.ts';
import { Refused } from '../refused.ts';
import { formatted } from '../table.ts';
import { confirm, print, printProgress } from '../terminal.ts';
import { filterInQuery } from './asked-filter.ts';
import type { ConsolePipeline } from './asked-pipeline.ts';
import { camel, ConsoleAway, ConsoleRefused } from './console-api.ts';

/** What is asked for: see `make redrive`. */
export interface RedriveThere {
  readonly filter: DeadLetterFilter;
  readonly rate?: number;
  readonly stopAt: number;
  readonly maxAttempts?: number;
  readonly why: string;
  readonly job?: string;
  readonly yes: boolean;
  readonly beside: boolean;
}

const SHOW_EVERY_MS = 250;

/** `make redrive PIPELINE=…`: the console runs the job, and it is watched here. Gives the exit code. */
export async function redriveThere(pipeline: ConsolePipeline, asked: RedriveThere): Promise<number> {
  const id = asked.job === undefined ? await begin(pipeline, asked) : await goOn(pipeline, asked.job);
  if (typeof id !== 'string') {
    print(id.says);
    return 0;
  }
  printProgress(`Job ${id}. Ctrl-C pauses it.`);
  const job = await seeThrough(pipeline, id);
  print(resultText(job, { failedAgain: job.failedAgain }));
  for (const line of endText(job, `make redrive PIPELINE=${pipeline.name}`)) print(line);
  return job.state === 'finished' ? 0 : 1;
}

/** A preview, and how long the waits before the 1st, 2nd, … attempt of a message take together. */
interface PreviewThere extends Preview {
  readonly maxAttempts: number;
  readonly waitsMs: readonly number[];
}

/** Previews and asks. */
async function begin({ api, path, origin }: ConsolePipeline, asked: RedriveThere): Promise<string | Nothing> {
  const { filter, rate, stopAt, maxAttempts, why, yes, beside } = asked;
  const selection = { filter: filterInQuery(filter) };
  const how = { selection, stop_at_failed_share: stopAt, ...present({ rate_per_second: rate }) };
  const answer = await api.post(path('dead-letters/preview'), { action: 'redrive', ...how });
  const preview = camel(answer) as PreviewThere;
  if (preview.total === 0) return { says: 'There is nothing to redrive.' };
  print(previewText(preview, preview.waitsMs[(maxAttempts ?? preview.maxAttempts) - 1] ?? 0, origin));
  await confirm(`Redrive ${formatted(preview.total)} dead letters (${filterText(filter, 'origin')})?`, yes);
  const job = { ...how, why, beside, ...present({ max_attempts: maxAttempts }) };
  const made = await api.post<{ id: string }>(path('dead-letters/redrives'), job).catch((error: unknown) => {
    if (!(error instanceof ConsoleRefused) || error.code !== 'jobs-overlap') throw error;
    throw new Refused(`${error.message} BESIDE=1 begins all the same.`);
  });
  return made.id;
}

async function goOn(pipeline: ConsolePipeline, id: string): Promise<string | Nothing> {
  const job = await jobOf(pipeline, id);
  const over = ended(job, pipeline.name);
  if (over !== undefined) return over;
  if (job.state === 'paused' || job.state === 'stopped') await command(pipeline, id, 'resume');
  return id;
}

const jobOf = async ({ api, path }: ConsolePipeline, id: string) =>
  camel(await api.get(path(`jobs/${encodeURIComponent(id)}`))) as Job;

const command = ({ api, path }: ConsolePipeline, id: string, name: 'pause' | 'resume', why?: string) =>
  api.post(path(`jobs/${encodeURIComponent(id)}/${name}`), present({ why }));

/** Watches a job until it ends, stops itself, or is paused. Ctrl-C pauses it. */
async function seeThrough(pipeline: ConsolePipeline, id: string): Promise<Job> {
  const interrupted = () => {
    printProgress('\nPausing: what is marked is still sent. Ctrl-C again leaves at once.');
    process.once('SIGINT', () => process.exit(130));
    command(pipeline, id, 'pause', 'Ctrl-C').catch((error: unknown) => {
      printProgress(`The job could not be paused: ${(error as Error).message}`);
    });
  };
  process.once('SIGINT', interrupted);
  const display = openDisplay();
  try {
    for (;;) {
      const job = await jobOf(pipeline, id).catch((error: unknown) => {
        if (!(error instanceof ConsoleAway)) throw error;
        const again = `\`make redrive PIPELINE=${pipeline.name} JOB=${id}\``;
        throw new Refused(`${error.message} It goes on with the job by itself; ${again} shows how far it is.`);
      });
      display.show(job);
      if (job.state === 'paused' || (job.state !== 'running' && job.isTidy)) return job;
      await sleep(SHOW_EVERY_MS);
    }
  } finally {
    display.end();
    process.off('SIGINT', interrupted);
  }
}
