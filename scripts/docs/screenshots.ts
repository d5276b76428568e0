// `make screenshots`: makes the README's pictures of the console from the system that runs here. It inserts orders of its own.
import { join } from 'node:path';
import { resolveSettings } from '@esteira/infra';
import { openBrowser } from '../../tests/console/browser.ts';
import { makeWork, messageWithRetries, reconciled, untilDead, untilMoving } from './screenshot-work.ts';

const PICTURES = join(import.meta.dirname, '..', '..', 'readme_images');
const WIDTH = 1280;

const settings = resolveSettings(process.env);
const address = `http://127.0.0.1:${settings.CONSOLE_PORT}`;
const browser = await openBrowser();
try {
  const begun = new Date();
  await makeWork(settings);
  await untilMoving(address, begun);
  await photograph('overview', '/', '[data-figure="Stored"]', 900);
  await untilDead(address);
  await photograph('message', `/orders/messages/${await messageWithRetries(address)}`, 'text=Row in the source', 760);
  await photograph('dead-letters', '/orders/dead-letters', 'tbody tr[data-index]', 420);
  await photograph('redrive', '/orders/dead-letters', 'tbody tr[data-index]', 640, 'button[aria-label^="Redrive"]');
  await photograph('reconciliation', `/orders/reconciliation/${await reconciled(address)}`, 'text=all at rest', 600);
} finally {
  await browser.close();
}

/** A view in light and in dark, when `shown` is there; `pressed` is pressed before. */
async function photograph(name: string, path: string, shown: string, height: number, pressed?: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: WIDTH, height }, colorScheme, deviceScaleFactor: 1.5 });
    await page.goto(`${address}${path}`);
    await page.locator(shown).first().waitFor();
    if (pressed !== undefined) {
      await page.locator(pressed).first().click();
      await page.getByRole('dialog').getByLabel('Why').fill('the payment service is back');
    }
    // Dialogs and lines are drawn in; nothing says when.
    await page.waitForTimeout(800);
    await page.screenshot({ path: join(PICTURES, `console-${name}${colorScheme === 'dark' ? '-dark' : ''}.png`) });
    await page.close();
  }
}
