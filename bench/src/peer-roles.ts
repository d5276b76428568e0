import type { Settings } from '@esteira/settings';
import { peerOf } from './peers/all.ts';
import { openHandler, type HandlerOptions } from './peers/handler.ts';
import type { PeerPlace } from './peers/peer.ts';
import { openSource } from './peers/source.ts';
import { serveRole } from './roles.ts';

/** The two processes of a peer: one reads the source and enqueues, the other works. */

export interface PeerOpening extends HandlerOptions {
  readonly peer: string;
  readonly place: PeerPlace;
  readonly settings: Settings;
}

let produce: () => Promise<void>;

serveRole({
  openProducer: async ({ peer, place, settings, maxAttempts, retryDelayMs }: PeerOpening) => {
    const source = openSource(settings.systems[0]?.databaseUrl ?? '', maxAttempts);
    const enqueue = await peerOf(peer).openProducer(place, { maxAttempts, retryDelayMs });
    produce = () => source(enqueue);
  },
  produce: () => produce(),
  startWorker: ({ peer, place, settings, ...options }: PeerOpening) =>
    peerOf(peer).startWorker(place, openHandler(settings, options)),
});
