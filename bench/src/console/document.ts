import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import { machineOf, table } from '../document.ts';
import { short } from '../figures.ts';
import type { Measured } from '../measured.ts';
import type { Results } from '../results.ts';
import { consoleRequirements, p95Of, PAGE_MS, pagesIn, paintsIn, redrivesIn } from './requirements.ts';
import { TURNS } from './measure-pages.ts';

/** Writes `docs/console-benchmarks.md`. */
export function writeConsoleDocument(results: Results): string {
  const docs = join(REPOSITORY, 'docs');
  mkdirSync(docs, { recursive: true });
  const file = join(docs, 'console-benchmarks.md');
  writeFileSync(file, documentOf(results));
  return file;
}

function documentOf(results: Results): string {
  const { measured, startedAt } = results;
  const parts = [
    '# Benchmarks of the console',
    '<!-- Written by `make bench ONLY=console`. -->',
    `Measured on ${startedAt.slice(0, 10)}, over 1,000,000 attempts in the log, 200,000 dead letters, 400,000 stored orders, and 600,000 rows in two sources.`,
    '## What must be reached, and what was',
    table(
      ['must reach', 'reached', ''],
      consoleRequirements(measured).map(({ must, reached, met }) => [must, reached, verdict(met === true)]),
    ),
    '## Pages',
    `Milliseconds from the request to the last byte of the answer; ${TURNS} requests each.`,
    pagesTable(measured),
    '## In a browser',
    'Milliseconds from asking for the address until something is on the screen, and until the figures of the overview are.',
    paintsTable(measured),
    '## Redrives',
    'Of 100,000 letters each. Seconds count from the request until RabbitMQ has confirmed the last one; after a kill -9 of the console too, the time without it included.',
    redrivesTable(measured),
    METHOD,
    machineOf(results),
  ];
  return `${parts.join('\n\n')}\n`;
}

function pagesTable(measured: readonly Measured[]): string {
  const rows = pagesIn(measured).map((page) => [
    page.variant,
    ...['p50 ms', 'p95 ms', 'worst ms'].map((name) => figure(page, name)),
    verdict(p95Of(page) < PAGE_MS),
  ]);
  return table(['page', 'p50', 'p95', 'max', `p95 < ${PAGE_MS}`], rows);
}

function paintsTable(measured: readonly Measured[]): string {
  const names = ['first paint p50 ms', 'useful p50 ms', 'useful p95 ms', 'useful worst ms'];
  const rows = paintsIn(measured).map((one) => [one.variant, ...names.map((name) => figure(one, name))]);
  return table(['', 'first paint, p50', 'figures, p50', 'p95', 'max'], rows);
}

function redrivesTable(measured: readonly Measured[]): string {
  const names = ['letters/s', 'seconds', 'seconds to start', 'seconds away', 'copies', 'seconds to tidy'];
  const head = ['letters a second', 'seconds', 'console back after', 'job going on after', 'copies sent'];
  const rows = redrivesIn(measured).map((one) => [one.variant, ...names.map((name) => figure(one, name))]);
  return table(['', ...head, 'until RabbitMQ is tidy'], rows);
}

function figure({ figures }: Measured, name: string): string {
  const value = figures[name];
  return value === undefined ? '' : short(value);
}

const verdict = (met: boolean) => (met ? 'met' : '**not met**');

const METHOD = `## How it is measured

- On servers of its own, with everything started as \`make start\` starts it: two APIs, a consumer and the console. \`bench/src/console\` says what is asked, and how much is found at least: a filter that finds nothing by mistake fails the run, and so does a reading route of the console's OpenAPI document that nobody measures.
- Pages are asked for one at a time, each in turn, with other ids, words and times at each turn. Lists are of 50 items, and are asked for at their beginning and deep inside.
- The overview is opened in Chromium without a screen, while the console is quiet: 20 times by a browser that has never been there, and once more by each. The figures count as seen after the frame that follows them.
- The redrives run as fast as they go, without a consumer. One console is ended by kill -9 after 40 % and started again at once. A copy is a message that RabbitMQ has twice, since nobody could say whether the first one had arrived.
- After each redrive RabbitMQ's queue of dead letters is compared with the table, message by message. Then a consumer takes what was sent: the run fails unless every letter was redriven once, has it once in its history, and was stored in its second round and logged once. The last rows of the table of pages were asked for then, once autovacuum had been there.

To repeat it: \`make bench ONLY=console\`. With \`ORDERS=10000\` it is a tenth as large, and writes nothing.`;
