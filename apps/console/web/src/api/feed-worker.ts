import { Feed, type Told } from './feed.ts';

/** The script of a shared worker: it holds the one stream of all windows and tabs of a browser. */
const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
const feed = new Feed();

scope.onconnect = ({ ports: [port] }) => {
  if (port === undefined) return;
  const tell = (told: Told) => {
    port.postMessage(told);
  };
  port.onmessage = ({ data }: MessageEvent<'look' | 'leave'>) => {
    feed[data](tell);
  };
};
