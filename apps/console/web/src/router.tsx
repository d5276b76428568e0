import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import type { AttemptsSearch } from './pages/attempts/search.ts';
import type { ItemsSearch } from './pages/books-run/search.ts';
import type { DeadLettersSearch } from './pages/dead-letters/search.ts';
import type { HistorySearch } from './pages/history/search.ts';
import type { MessagesSearch } from './pages/orders/messages/search.ts';
import { signInSearch } from './pages/sign-in/search.ts';
import type { RowsSearch } from './pages/orders/reconciliation-rows/search.ts';
import { movedTo } from './pipeline/address.ts';
import { FirstPipeline, PagesOfPipeline } from './pipeline/current.tsx';
import { Broken, NowhereToBeFound } from './shell/Broken.tsx';
import { Shell } from './shell/Shell.tsx';
import { asAsked } from './url/asked.ts';
import { readSearch, writeSearch } from './url/parameters.ts';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NowhereToBeFound,
  beforeLoad: ({ location: { pathname, href } }) => {
    const now = movedTo(pathname);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- this is how the router is told
    if (now !== undefined) throw redirect({ href: now + href.slice(pathname.length), replace: true });
  },
});
const at = <const Path extends string>(path: Path) => ({ getParentRoute: () => root, path }) as const;

const pipeline = createRoute({ ...at('/$pipeline'), component: PagesOfPipeline });
const of = <const Path extends string>(path: Path) => ({ getParentRoute: () => pipeline, path }) as const;

// Each page is a chunk of its own: the first paint waits for the shell and one page only.
/** The pages that all pipelines share. */
const shared = [
  createRoute({
    ...of('/'),
    component: lazyRouteComponent(() => import('./pages/overview/OverviewPage.tsx'), 'OverviewPage'),
  }),
  createRoute({
    ...of('/attempts'),
    validateSearch: asAsked<AttemptsSearch>(),
    component: lazyRouteComponent(() => import('./pages/attempts/AttemptsPage.tsx'), 'AttemptsPage'),
  }),
  createRoute({
    ...of('/dead-letters'),
    component: lazyRouteComponent(() => import('./pages/dead-letters/GroupsPage.tsx'), 'GroupsPage'),
  }),
  createRoute({
    ...of('/dead-letters/list'),
    validateSearch: asAsked<DeadLettersSearch>(),
    component: lazyRouteComponent(() => import('./pages/dead-letters/ListPage.tsx'), 'ListPage'),
  }),
  createRoute({
    ...of('/dead-letters/jobs'),
    component: lazyRouteComponent(() => import('./pages/jobs/JobsPage.tsx'), 'JobsPage'),
  }),
  createRoute({
    ...of('/dead-letters/jobs/$jobId'),
    component: lazyRouteComponent(() => import('./pages/job/JobPage.tsx'), 'JobPage'),
  }),
  createRoute({
    ...of('/dead-letters/$messageId'),
    component: lazyRouteComponent(() => import('./pages/dead-letter/DeadLetterPage.tsx'), 'DeadLetterPage'),
  }),
  createRoute({
    ...of('/books'),
    component: lazyRouteComponent(() => import('./pages/books/BooksPage.tsx'), 'BooksPage'),
  }),
  createRoute({
    ...of('/books/$id'),
    validateSearch: asAsked<ItemsSearch>(),
    component: lazyRouteComponent(() => import('./pages/books-run/BooksRunPage.tsx'), 'BooksRunPage'),
  }),
  createRoute({
    ...of('/history'),
    validateSearch: asAsked<HistorySearch>(),
    component: lazyRouteComponent(() => import('./pages/history/HistoryPage.tsx'), 'HistoryPage'),
  }),
] as const;

/** What orders have beside them. */
const ofOrders = [
  createRoute({
    ...at('/orders/messages'),
    validateSearch: asAsked<MessagesSearch>(),
    component: lazyRouteComponent(() => import('./pages/orders/messages/MessagesPage.tsx'), 'MessagesPage'),
  }),
  createRoute({
    ...at('/orders/messages/$messageId'),
    component: lazyRouteComponent(() => import('./pages/orders/message/MessagePage.tsx'), 'MessagePage'),
  }),
  createRoute({
    ...at('/orders/reconciliation'),
    component: lazyRouteComponent(
      () => import('./pages/orders/reconciliation/ReconciliationPage.tsx'),
      'ReconciliationPage',
    ),
  }),
  createRoute({
    ...at('/orders/reconciliation/$id'),
    validateSearch: asAsked<RowsSearch>(),
    component: lazyRouteComponent(() => import('./pages/orders/reconciliation-rows/RowsPage.tsx'), 'RowsPage'),
  }),
] as const;

const others = [
  createRoute({ ...at('/'), component: FirstPipeline }),
  createRoute({
    ...at('/sign-in'),
    validateSearch: signInSearch,
    component: lazyRouteComponent(() => import('./pages/sign-in/SignInPage.tsx'), 'SignInPage'),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([...others, ...ofOrders, pipeline.addChildren(shared)]),
  parseSearch: readSearch,
  stringifySearch: writeSearch,
  defaultErrorComponent: Broken,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
