import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type Page } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The machine's Chromium: CHROMIUM_BIN, or what is on the PATH; on Debian it is installed where it is missing, as root. */
export function chromiumPath(): string {
  const found = process.env.CHROMIUM_BIN ?? onPath();
  if (found !== undefined) return found;
  execFileSync('sh', [join(ROOT, 'infra', 'native', 'install.sh'), 'chromium'], { stdio: 'inherit' });
  const installed = onPath();
  if (installed === undefined) throw new Error('There is no Chromium here: install it, or name it by CHROMIUM_BIN.');
  return installed;
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** Starts it without a screen. Loopback needs no proxy, whatever the machine's settings are. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--no-proxy-server'] });
}

/** Builds the console's page, as `make start` does. */
export async function buildPage(): Promise<void> {
  await promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: ROOT });
}

/** What axe finds wrong with the page as it stands, in a line each. */
export function barriersOn(page: Page): Promise<string[]> {
  return found(new AxeBuilder({ page }));
}

/** The same of its colours alone: nothing else changes with the scheme, and to look at all takes seconds. */
export function paleOn(page: Page): Promise<string[]> {
  return found(new AxeBuilder({ page }).withRules(['color-contrast', 'link-in-text-block']));
}

async function found(axe: AxeBuilder): Promise<string[]> {
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
