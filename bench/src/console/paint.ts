import { quantileSorted } from 'simple-statistics';
import { openBrowser } from '@esteira/tests/browser';
import type { Measurement } from '../measured.ts';

/** The overview is opened so often, each time by a browser that has never been here, and then once more by the same. */
const TURNS = 20;

/** Marks the moment at which the figures are on the screen: after the frame that follows them. */
const MARK = `new MutationObserver((_, observer) => {
  if (document.querySelector('[data-figure="Dead letters"]') === null) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => {
    performance.mark('useful');
    document.documentElement.dataset.useful = '';
  }));
}).observe(document, { childList: true, subtree: true });`;

type Browser = Awaited<ReturnType<typeof openBrowser>>;
type Context = Awaited<ReturnType<Browser['newContext']>>;

/** Paints of one visit, in milliseconds since the address was asked for. */
interface Paints {
  readonly first: number;
  readonly useful: number;
}

/** How long a browser waits for the overview of a console: for the first paint, and for its figures. */
export async function measurePaint(url: string): Promise<Measurement[]> {
  const browser = await openBrowser();
  try {
    const [fresh, again]: [Paints[], Paints[]] = [[], []];
    for (let turn = 0; turn < TURNS; turn += 1) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      fresh.push(await paintsOf(context, url));
      again.push(await paintsOf(context, url));
      await context.close();
    }
    return [measurement('nothing cached', fresh), measurement('opened again', again)];
  } finally {
    await browser.close();
  }
}

async function paintsOf(context: Context, url: string): Promise<Paints> {
  const page = await context.newPage();
  await page.addInitScript(MARK);
  await page.goto(url);
  await page.locator('html[data-useful]').waitFor();
  const at = (name: string) => page.evaluate<number>(`performance.getEntriesByName('${name}')[0].startTime`);
  const paints = { first: await at('first-contentful-paint'), useful: await at('useful') };
  await page.close();
  return paints;
}

function measurement(variant: string, visits: readonly Paints[]): Measurement {
  const quantile = (name: keyof Paints, share: number) => {
    const sorted = visits.map((visit) => visit[name]).toSorted((one, other) => one - other);
    return quantileSorted(sorted, share);
  };
  const figures = {
    'first paint p50 ms': quantile('first', 0.5),
    'useful p50 ms': quantile('useful', 0.5),
    'useful p95 ms': quantile('useful', 0.95),
    'useful worst ms': quantile('useful', 1),
  };
  return { bench: 'console', variant: `the overview in a browser, ${variant}`, figures };
}
