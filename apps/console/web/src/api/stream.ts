import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Overview } from './answers.ts';
import type { Listener } from './feed.ts';
import { downIn, OVERVIEW, overviewQuery, seriesQuery, streamQuery } from './overview.ts';
import { withPoint } from './points.ts';
import { sessionQuery } from './session.ts';
import { openTabFeed } from './shared-feed.ts';

/**
 * Listens to the server as long as the caller is mounted and its tab is in sight, once for all pages. What a tab has
 * missed while it was hidden, or while the console or one of its servers was away, is asked for.
 */
export function useOverviewStream(isAllowed: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isAllowed) return undefined;
    const feed = openTabFeed(listenerOf(client));
    const turn = () => {
      if (document.visibilityState === 'hidden') feed.leave();
      else feed.look();
    };
    turn();
    document.addEventListener('visibilitychange', turn);
    // A page that is kept for the way back comes with `pageshow`.
    window.addEventListener('pagehide', feed.leave);
    window.addEventListener('pageshow', turn);
    return () => {
      feed.leave();
      // Nobody is signed in any more: that is no outage.
      client.setQueryData(streamQuery.queryKey, { cutSince: null });
      document.removeEventListener('visibilitychange', turn);
      window.removeEventListener('pagehide', feed.leave);
      window.removeEventListener('pageshow', turn);
    };
  }, [client, isAllowed]);
}

function listenerOf(client: QueryClient): Listener {
  let hasListened = false;
  const isCut = () => client.getQueryData(streamQuery.queryKey)?.cutSince != null;
  return (told) => {
    switch (told.kind) {
      case 'open':
        if (isCut()) void client.invalidateQueries();
        // The points of the time between stand in the history alone.
        else if (hasListened) void client.invalidateQueries({ queryKey: [OVERVIEW, 'history'] });
        hasListened = true;
        client.setQueryData(streamQuery.queryKey, { cutSince: null });
        return;
      case 'cut':
        if (!isCut()) client.setQueryData(streamQuery.queryKey, { cutSince: told.since });
        // It ends with the session too, which another tab may have ended.
        void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
        return;
      case 'overview': {
        const { queryKey } = overviewQuery(told.overview.pipeline);
        const before = client.getQueryData(queryKey);
        client.setQueryData(queryKey, told.overview);
        if (isAnyBack(before, told.overview)) void client.invalidateQueries({ predicate: isOfPages });
        return;
      }
      case 'point':
        client.setQueryData(
          seriesQuery(told.point.pipeline).queryKey,
          (series) => series && withPoint(series, told.point),
        );
    }
  };
}

/** What pages have asked for; the overview and the charts come by the stream. */
const isOfPages = ({ queryKey }: { readonly queryKey: readonly unknown[] }) => queryKey[0] !== OVERVIEW;

function isAnyBack(before: Overview | undefined, now: Overview): boolean {
  const down = new Set(downIn(now).map(({ name }) => name));
  return downIn(before).some(({ name }) => !down.has(name));
}
