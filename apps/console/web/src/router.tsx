import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import type { DeadLettersSearch } from './pages/dead-letters/search.ts';
import type { HistorySearch } from './pages/history/search.ts';
import type { MessagesSearch } from './pages/messages/search.ts';
import { signInSearch } from './pages/sign-in/search.ts';
import type { RowsSearch } from './pages/reconciliation-rows/search.ts';
import { Broken, NowhereToBeFound } from './shell/Broken.tsx';
import { Shell } from './shell/Shell.tsx';
import { asAsked } from './url/asked.ts';
import { readSearch, writeSearch } from './url/parameters.ts';

const root = createRootRoute({ component: Shell, notFoundComponent: NowhereToBeFound });
const at = <const Path extends string>(path: Path) => ({ getParentRoute: () => root, path }) as const;

// Each page is a chunk of its own: the first paint waits for the shell and one page only.
const pages = [
  createRoute({
    ...at('/'),
    component: lazyRouteComponent(() => import('./pages/overview/OverviewPage.tsx'), 'OverviewPage'),
  }),
  createRoute({
    ...at('/messages'),
    validateSearch: asAsked<MessagesSearch>(),
    component: lazyRouteComponent(() => import('./pages/messages/MessagesPage.tsx'), 'MessagesPage'),
  }),
  createRoute({
    ...at('/messages/$messageId'),
    component: lazyRouteComponent(() => import('./pages/message/MessagePage.tsx'), 'MessagePage'),
  }),
  createRoute({
    ...at('/dead-letters'),
    component: lazyRouteComponent(() => import('./pages/dead-letters/GroupsPage.tsx'), 'GroupsPage'),
  }),
  createRoute({
    ...at('/dead-letters/list'),
    validateSearch: asAsked<DeadLettersSearch>(),
    component: lazyRouteComponent(() => import('./pages/dead-letters/ListPage.tsx'), 'ListPage'),
  }),
  createRoute({
    ...at('/dead-letters/jobs'),
    component: lazyRouteComponent(() => import('./pages/jobs/JobsPage.tsx'), 'JobsPage'),
  }),
  createRoute({
    ...at('/dead-letters/jobs/$jobId'),
    component: lazyRouteComponent(() => import('./pages/job/JobPage.tsx'), 'JobPage'),
  }),
  createRoute({
    ...at('/dead-letters/$messageId'),
    component: lazyRouteComponent(() => import('./pages/dead-letter/DeadLetterPage.tsx'), 'DeadLetterPage'),
  }),
  createRoute({
    ...at('/reconciliation'),
    component: lazyRouteComponent(() => import('./pages/reconciliation/ReconciliationPage.tsx'), 'ReconciliationPage'),
  }),
  createRoute({
    ...at('/reconciliation/$id'),
    validateSearch: asAsked<RowsSearch>(),
    component: lazyRouteComponent(() => import('./pages/reconciliation-rows/RowsPage.tsx'), 'RowsPage'),
  }),
  createRoute({
    ...at('/history'),
    validateSearch: asAsked<HistorySearch>(),
    component: lazyRouteComponent(() => import('./pages/history/HistoryPage.tsx'), 'HistoryPage'),
  }),
  createRoute({
    ...at('/sign-in'),
    validateSearch: signInSearch,
    component: lazyRouteComponent(() => import('./pages/sign-in/SignInPage.tsx'), 'SignInPage'),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(pages),
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
