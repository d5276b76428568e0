import { waitFigures, type Measurement } from '../measured.ts';
import { ask } from './client.ts';
import { NO_PAGES, type Page } from './pages.ts';

/** Each page is asked for so often. */
export const TURNS = 30;

/**
 * Asks for every page in turn, then for all again, one at a time: between two turns of a page the console and its servers
 * had everything else to do. A turn before the first is not measured: V8 compiles, as it has on a console that runs.
 */
export async function measurePages(url: string, pages: readonly Page[]): Promise<Measurement[]> {
  const routes = await routesOf(url);
  const times = pages.map((): number[] => []);
  const poor: string[] = [];
  for (let turn = 0; turn <= TURNS; turn += 1) {
    for (const [index, page] of pages.entries()) {
      const { ms, answer } = await ask(url, page.ask(turn));
      const found = foundIn(answer);
      if (found < (page.least ?? 1)) poor.push(`${page.operation}, ${page.what}: ${found} found`);
      if (turn > 0) times[index]?.push(ms);
    }
    if (poor.length > 0) throw new Error(`It does not count, there is too little to find: ${poor.join('; ')}.`);
  }
  return pages.map(({ operation, what }, index) => {
    const figures = waitFigures(times[index] ?? [], 50, 95);
    const route = routes.get(operation) ?? operation;
    return { bench: 'console', variant: what === '' ? route : `${route}: ${what}`, figures };
  });
}

/** Items of a list, letters of the groups, or one. */
function foundIn(answer: unknown): number {
  const { items, groups, total } = answer as { items?: unknown[]; groups?: { count: number }[]; total?: number };
  return items?.length ?? groups?.reduce((sum, { count }) => sum + count, 0) ?? total ?? 1;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;
}

/** Every route of the console's OpenAPI document, by its operation. */
async function routesOf(url: string): Promise<Map<string, string>> {
  const { paths } = (await ask(url, { path: '/docs/json' })).answer as Document;
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { operationId = path }]) => [operationId, `${method.toUpperCase()} ${path}`] as const,
    ),
  );
  return new Map(entries);
}

/** Rejects where a route that only reads is neither a page that is measured, nor known to be none. */
export async function expectEveryRoute(url: string, pages: readonly Page[]): Promise<void> {
  const measured = new Set(pages.map(({ operation }) => operation));
  const left = [...(await routesOf(url))]
    .filter(([operation, route]) => route.startsWith('GET ') && !measured.has(operation) && !NO_PAGES.has(operation))
    .map(([, route]) => route);
  if (left.length > 0) throw new Error(`Not measured: ${left.join(', ')}. Add them to bench/src/console/pages.ts.`);
}
