import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Overview } from './answers.ts';
import { overviewQuery, seriesQuery, streamQuery } from './overview.ts';
import { withPoint } from './points.ts';

/** A browser gives up after an answer that is no stream, a 503 for one; then we ask again, in milliseconds. */
const AGAIN_MS = 2_000;

/**
 * Listens to the server as long as the caller is mounted, once for all pages. It connects again by itself, also after a
 * restart of the console; then everything is asked again, for what was missed.
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
    client.setQueryData(overviewQuery.queryKey, overview);
    client.setQueryData(seriesQuery.queryKey, (series) => series && withPoint(series, overview));
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
