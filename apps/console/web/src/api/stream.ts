import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Overview, Point } from './answers.ts';
import { downIn, overviewQuery, seriesQuery, streamQuery } from './overview.ts';
import { withPoint } from './points.ts';

/** A browser gives up after an answer that is no stream, a 503 for one; then we ask again, in milliseconds. */
const AGAIN_MS = 2_000;

/**
 * Listens to the server as long as the caller is mounted, once for all pages. It connects again by itself, also after a
 * restart of the console; then everything is asked again, for what was missed. So it is when a server is back.
 */
export function useOverviewStream(isAllowed: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!isAllowed) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let source: EventSource;
    const connect = () => {
      source = listen(client, () => {
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
      });
    };
    connect();
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [client, isAllowed]);
}

function listen(client: QueryClient, onError: () => void): EventSource {
  const source = new EventSource('/v0/overview/stream');
  const isCut = () => client.getQueryData(streamQuery.queryKey)?.cutSince != null;
  source.addEventListener('overview', (event: MessageEvent<string>) => {
    const overview = JSON.parse(event.data) as Overview;
    const before = client.getQueryData(overviewQuery.queryKey);
    client.setQueryData(overviewQuery.queryKey, overview);
    if (isAnyBack(before, overview)) void client.invalidateQueries({ predicate: isOfPages });
  });
  source.addEventListener('point', (event: MessageEvent<string>) => {
    const point = JSON.parse(event.data) as Point;
    client.setQueryData(seriesQuery.queryKey, (series) => series && withPoint(series, point));
  });
  source.addEventListener('open', () => {
    if (isCut()) void client.invalidateQueries();
    client.setQueryData(streamQuery.queryKey, { cutSince: null });
  });
  source.addEventListener('error', () => {
    if (!isCut()) client.setQueryData(streamQuery.queryKey, { cutSince: new Date().toISOString() });
    onError();
  });
  return source;
}

/** What pages have asked for; the overview and the charts come by the stream. */
const isOfPages = ({ queryKey }: { readonly queryKey: readonly unknown[] }) =>
  queryKey[0] !== overviewQuery.queryKey[0];

function isAnyBack(before: Overview | undefined, now: Overview): boolean {
  const down = new Set(downIn(now).map(({ name }) => name));
  return downIn(before).some(({ name }) => !down.has(name));
}
