import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameTap, Unsettled } from './amqp-tap.ts';

/** What passes between one process and one server. */
export type LinkState = 'passes' | 'cut' | 'hole';

/** A TCP proxy between one process and one server, which can be cut, or swallow everything. */
export interface LinkProxy {
  /** Where the process connects to, on 127.0.0.1. */
  readonly port: number;
  /** What the AMQP connections of this link have not settled; 0 for other protocols. */
  unsettled(): number;
  /** Resolves at the next moment when something is unsettled. */
  untilUnsettled(signal: AbortSignal): Promise<void>;
  /** `cut` resets all connections and refuses new ones. `hole` lets all connections go on without an answer. */
  become(state: LinkState): void;
  close(): Promise<void>;
}

/** Opens a proxy to `target`, a port of 127.0.0.1. With `amqp` it counts what is unsettled. */
export async function openProxy(target: number, { amqp }: { readonly amqp: boolean }): Promise<LinkProxy> {
  const proxy = new TcpProxy(target, amqp);
  await proxy.listen();
  return proxy;
}

/** One connection through the proxy. */
interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  readonly unsettled: Unsettled;
  /** Its ends don't hear of each other any more. */
  lost: boolean;
}

class TcpProxy implements LinkProxy {
  readonly #target: number;
  readonly #amqp: boolean;
  readonly #listener: Server;
  readonly #passages = new Set<Passage>();
  #waiting: (() => void)[] = [];
  #state: LinkState = 'passes';

  constructor(target: number, amqp: boolean) {
    this.#target = target;
    this.#amqp = amqp;
    this.#listener = createServer({ noDelay: true }, (client) => {
      this.#accept(client);
    });
  }

  async listen(): Promise<void> {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  unsettled(): number {
    let sum = 0;
    for (const { unsettled } of this.#passages) sum += unsettled.deliveries + unsettled.publishes;
    return sum;
  }

  async untilUnsettled(signal: AbortSignal): Promise<void> {
    while (this.unsettled() === 0) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = () => {
        resolve(undefined);
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', wake, { once: true });
      await promise;
      signal.removeEventListener('abort', wake);
    }
  }

  become(state: LinkState): void {
    this.#state = state;
    for (const passage of [...this.#passages]) {
      if (state === 'cut') this.#end(passage);
      else if (state === 'hole') lose(passage);
    }
  }

  async close(): Promise<void> {
    this.become('cut');
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #accept(client: Socket): void {
    // Its errors are those of the link: whoever is at the other end hears of them as a closed connection.
    client.on('error', () => undefined);
    if (this.#state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    server.on('error', () => undefined);
    const passage: Passage = { client, server, unsettled: new Unsettled(), lost: false };
    this.#passages.add(passage);
    client.on('close', () => {
      this.#end(passage);
    });
    server.on('close', () => {
      if (!passage.lost) this.#end(passage);
    });
    if (this.#amqp) this.#listenIn(passage);
    if (this.#state === 'hole') lose(passage);
    else {
      client.pipe(server);
      server.pipe(client);
    }
  }

  #listenIn({ client, server, unsettled }: Passage): void {
    const out = new FrameTap((...method) => {
      unsettled.fromClient(...method);
    }, 'client');
    const back = new FrameTap((...method) => {
      unsettled.fromBroker(...method);
    }, 'broker');
    const heard = (tap: FrameTap) => (chunk: Buffer) => {
      tap.take(chunk);
      this.#wake(unsettled);
    };
    client.on('data', heard(out));
    server.on('data', heard(back));
  }

  #wake({ deliveries, publishes }: Unsettled): void {
    if (this.#waiting.length === 0 || deliveries + publishes === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #end(passage: Passage): void {
    this.#passages.delete(passage);
    passage.client.resetAndDestroy();
    passage.server.resetAndDestroy();
  }
}

/** From now on what either end says is swallowed. The client is told nothing, also when the server goes. */
function lose(passage: Passage): void {
  const { client, server } = passage;
  passage.lost = true;
  client.unpipe(server);
  server.unpipe(client);
  // Still read: the end of a socket is noticed by reading it.
  client.resume();
  server.resume();
}
