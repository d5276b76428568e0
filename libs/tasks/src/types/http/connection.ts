import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Client, type buildConnector, type Dispatcher } from 'undici';

/** How long the parts of a connection took, in milliseconds. A part is null where there was none. */
export interface ConnectionTimes {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
}

/** What a connection that is being made waits for. */
export type Opening = 'the name' | 'the connection' | 'the handshake';

/** How long one address of several may take before the next one is tried, in milliseconds. */
const ADDRESS_MS = 1_000;

/** A connection from the moment when it is asked for: what became of each part, by the events of its socket. */
export class Connection {
  readonly #socket: Socket;
  readonly #kind: { readonly named: boolean; readonly secure: boolean };
  readonly #begunAt = performance.now();
  #namedAt: number | undefined;
  #connectedAt: number | undefined;
  #securedAt: number | undefined;

  /** @param kind whether a name is looked up for it, and whether it is made secure. */
  constructor(socket: Socket, kind: { readonly named: boolean; readonly secure: boolean }) {
    this.#socket = socket;
    this.#kind = kind;
    socket.once('lookup', () => (this.#namedAt = performance.now()));
    socket.once('connect', () => (this.#connectedAt = performance.now()));
    if (kind.secure) socket.once('secureConnect', () => (this.#securedAt = performance.now()));
  }

  get times(): ConnectionTimes {
    const [named, connected, secured] = [this.#namedAt, this.#connectedAt, this.#securedAt];
    return {
      dnsMs: named === undefined ? null : named - this.#begunAt,
      connectMs: connected === undefined ? null : connected - (named ?? this.#begunAt),
      tlsMs: connected === undefined || secured === undefined ? null : secured - connected,
    };
  }

  /** What it waits for; undefined once it is open. */
  get opening(): Opening | undefined {
    if (this.#connectedAt === undefined) {
      return this.#kind.named && this.#namedAt === undefined ? 'the name' : 'the connection';
    }
    return this.#kind.secure && this.#securedAt === undefined ? 'the handshake' : undefined;
  }

  /** Ends it; whoever waits for it to open hears why. */
  destroy(reason: Error): void {
    this.#socket.destroy(reason);
  }
}

/** Who is told of the connection that is made for it. */
export interface Opener {
  opened(connection: Connection): void;
}

/** Begins to make a connection. A kept TLS session is never taken up again: the certificate is looked at each time. */
export function connect(to: buildConnector.Options, callback: buildConnector.Callback): Connection {
  const secure = to.protocol === 'https:';
  const address = {
    host: to.hostname,
    port: Number(to.port) || (secure ? 443 : 80),
    noDelay: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_MS,
  };
  const named = isIP(to.hostname) === 0;
  const servername = to.servername ?? (named ? to.hostname : undefined);
  const socket = secure
    ? connectTls({ ...address, ALPNProtocols: ['http/1.1'], ...(servername === undefined ? {} : { servername }) })
    : connectTcp(address);
  let told = false;
  const tell = (...answer: Parameters<buildConnector.Callback>): void => {
    if (!told) callback(...answer);
    told = true;
  };
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    tell(null, socket);
  });
  socket.on('error', (error: Error) => {
    tell(error, null);
  });
  return new Connection(socket, { named, secure });
}

/**
 * A client of one connection, which carries one request at a time: so a connection that it makes is made for the request
 * that it has in hand.
 */
export class MeasuredClient extends Client {
  readonly #inHand: { opener?: Opener };

  constructor(origin: string | URL, options: Client.Options) {
    const inHand: { opener?: Opener } = {};
    super(origin, {
      ...options,
      pipelining: Math.min(options.pipelining ?? 1, 1),
      connect: (to, callback) => {
        inHand.opener?.opened(connect(to, callback));
      },
    });
    this.#inHand = inHand;
  }

  override dispatch(options: DispatchFor, handler: Dispatcher.DispatchHandler): boolean {
    this.#inHand.opener = options.opener;
    return super.dispatch(options, handler);
  }
}

/** The options of a dispatch, and who it is for. */
export type DispatchFor = Dispatcher.DispatchOptions & { readonly opener: Opener };
