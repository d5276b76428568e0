// `npm run -s docs:pictures`: runs the demo, and makes the README's pictures of it. Takes Chromium and `script` (util-linux).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLUMNS, screenAfter, terminalPage } from './terminal.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DEMO = 'make demo ORDERS=7000';
const PROGRAMS = { browser: 'chromium', recorder: 'script' };
const work = mkdtempSync(join(tmpdir(), 'esteira-pictures-'));

try {
  const lines = [`$ ${DEMO}`, ...(await demoScreen())];
  const page = terminalPage(lines);
  const file = join(work, 'demo.html');
  writeFileSync(file, page.html);
  photograph(`file://${file}`, 'demo.png', page);
  const api = lines.find((line) => line.includes('try it out'))?.match(/http:\S+docs/)?.[0];
  if (api === undefined) throw new Error('The demo named no address of an API.');
  photograph(api, 'docs.png', { width: 1000, height: 1050 });
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Runs the demo on a terminal of its own, and gives what stands on it in the end. */
async function demoScreen(): Promise<string[]> {
  const record = join(work, 'demo.record');
  const onTerminal = `stty cols ${COLUMNS} rows 60; cd '${ROOT}'; exec ${DEMO}`;
  const options = ['--quiet', '--return', '--command', onTerminal];
  execFileSync(PROGRAMS.recorder, [...options, record], { stdio: ['ignore', 'inherit', 'inherit'] });
  // The recording begins and ends with a line of the recorder's own.
  const bytes = readFileSync(record);
  return screenAfter(bytes.subarray(bytes.indexOf('\n') + 1, bytes.lastIndexOf('\nScript done')));
}

/** A picture of a page, below readme_images. */
function photograph(url: string, name: string, { width, height }: { width: number; height: number }): void {
  const target = join(ROOT, 'readme_images', name);
  execFileSync(
    PROGRAMS.browser,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
      `--user-data-dir=${join(work, name)}`,
      `--window-size=${width},${height}`,
      '--virtual-time-budget=10000',
      `--screenshot=${target}`,
      url,
    ],
    { stdio: 'ignore' },
  );
}
