import { connect, credentials, type ChannelModel } from 'amqplib';

/** The options that amqplib takes, of which its types know not all. */
type ConnectOptions = Parameters<typeof connect>[1] & object;

/**
 * What amqplib needs to sign in as a URL says. By itself it decodes user and password as Latin-1, and RabbitMQ refuses
 * what is not ASCII: percent-encoding in a URL is of UTF-8.
 */
export function credentialsOf(url: string): ConnectOptions {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return {};
  return { credentials: credentials.plain(decodeURIComponent(username), decodeURIComponent(password)) };
}

/** Whom a URL signs in as, and where; `guest` and `/` by default. */
export interface Account {
  readonly user: string;
  readonly virtualHost: string;
}

export function accountOf(url: string): Account {
  const { username, pathname } = new URL(url);
  const virtualHost = pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : '/';
  return { user: username === '' ? 'guest' : decodeURIComponent(username), virtualHost };
}

/**
 * What RabbitMQ means when it refuses a connection, and what to do; undefined for any other error. Why it refuses a
 * virtual host stands in a frame that amqplib drops.
 */
export function refusalOf(error: Error, { user, virtualHost }: Account): string | undefined {
  const { message } = error;
  if (/ACCESS_REFUSED - Login was refused/.test(message)) {
    return `RabbitMQ refuses user "${user}", or its password is wrong (${message})`;
  }
  if (/ConnectionOpenOk; got <ConnectionClose/.test(message)) {
    return (
      `RabbitMQ refuses virtual host "${virtualHost}" to user "${user}": it is not there (rabbitmqctl add_vhost), the user has no permissions in it ` +
      `(rabbitmqctl set_permissions), or it or the user has as many connections as it may (rabbitmqctl set_vhost_limits, set_user_limits); RabbitMQ's log says which`
    );
  }
  return undefined;
}

/** Opens one connection; it does not come back by itself. */
export function connectOnce(url: string, options: ConnectOptions): Promise<ChannelModel> {
  return connect(url, { ...credentialsOf(url), ...options });
}
