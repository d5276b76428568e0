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

/** Opens one connection; it does not come back by itself. */
export function connectOnce(url: string, options: ConnectOptions): Promise<ChannelModel> {
  return connect(url, { ...credentialsOf(url), ...options });
}
