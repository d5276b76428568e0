/** How soon a server gives up a client that vanished: within a minute. By default it first asks after two hours. */
const KEEPALIVES = { tcp_keepalives_idle: 30, tcp_keepalives_interval: 10, tcp_keepalives_count: 3 } as const;

/** The `options` of a connection: these settings of the session, and that its server notices when we vanish. */
export function sessionOptions(settings: Readonly<Record<string, string | number>> = {}): string {
  return Object.entries({ ...settings, ...KEEPALIVES })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** Host, port and database of a URL, without user or password: for messages to people. */
export function addressOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
