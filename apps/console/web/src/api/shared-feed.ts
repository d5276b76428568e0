import { Feed, type Listener, type Told } from './feed.ts';

/** The stream, as one tab uses it. */
export interface TabFeed {
  readonly look: () => void;
  readonly leave: () => void;
}

/**
 * The stream that all tabs share, in a shared worker. Where a browser has none (some on telephones) or refuses it, the tab
 * has a stream of its own.
 */
export function openTabFeed(listener: Listener): TabFeed {
  const worker = sharedWorker();
  if (worker === undefined) return ownFeed(listener);
  let own: TabFeed | undefined;
  let isLooking = false;
  worker.port.onmessage = ({ data }: MessageEvent<Told>) => {
    if (isLooking) listener(data);
  };
  worker.onerror = () => {
    own ??= ownFeed(listener);
    if (isLooking) own.look();
  };
  const turn = (what: 'look' | 'leave') => () => {
    isLooking = what === 'look';
    if (own === undefined) worker.port.postMessage(what);
    else own[what]();
  };
  return { look: turn('look'), leave: turn('leave') };
}

function sharedWorker(): SharedWorker | undefined {
  if (typeof SharedWorker === 'undefined') return undefined;
  try {
    return new SharedWorker(new URL('./feed-worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return undefined; // A browser that may keep nothing of this page refuses it like this.
  }
}

function ownFeed(listener: Listener): TabFeed {
  const feed = new Feed();
  return {
    look: () => {
      feed.look(listener);
    },
    leave: () => {
      feed.leave(listener);
    },
  };
}
