import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy in front of a server, to break a connection at a chosen moment. */
export interface Proxy {
  /** The server's URL, by way of this proxy. */
  readonly url: string;
  /** From now on nothing of what the server says arrives. */
  readonly holdAnswers: () => void;
  readonly releaseAnswers: () => void;
  /** Cuts every connection; new ones are taken. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

export async function openProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const listener = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair = { client, server };
    pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    for (const [side, other] of [
      [client, server],
      [server, client],
    ] as const) {
      side.on('error', () => other.destroy());
      side.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = new URL(target);
  url.port = String((listener.address() as AddressInfo).port);
  const cut = () => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    url: url.href,
    holdAnswers: () => {
      for (const { client, server } of pairs) server.unpipe(client);
    },
    releaseAnswers: () => {
      for (const { client, server } of pairs) server.pipe(client);
    },
    cut,
    close: async () => {
      const closed = once(listener, 'close');
      listener.close();
      cut();
      await closed;
    },
  };
}
