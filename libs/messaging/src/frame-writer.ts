import type { ConfirmChannel } from 'amqplib';
import { BrokerUnavailable } from './broker.ts';
import { frameEncoder, type Envelope, type FrameEncoder } from './frames.ts';

/** amqplib's connection below a channel. */
interface Wire {
  readonly ch: number;
  readonly connection: {
    readonly frameMax: number;
    sentSinceLastCheck: boolean;
    readonly channels: Readonly<
      Record<number, { readonly channel: unknown; readonly buffer: { write(bytes: Buffer): boolean } } | null>
    >;
  };
  pushConfirmCallback(callback: (error: unknown) => void): void;
}

/** What frames are written to. */
export interface FrameWriter {
  readonly encoder: FrameEncoder;
  /**
   * Writes frames that hold as many messages as there are callbacks; each is called with the broker's answer.
   *
   * @returns whether there is room for more; otherwise the channel emits `drain` when there is.
   * @throws BrokerUnavailable when the channel is closed.
   */
  write(frames: Buffer, callbacks: readonly ((error: unknown) => void)[]): boolean;
}

/** A writer to a channel's connection. @throws Error where amqplib has not what it writes to. */
export function frameWriter(channel: ConfirmChannel, envelope: Envelope): FrameWriter {
  const wire = channel as unknown as Wire;
  refuseOtherAmqplib(wire);
  const { connection, ch } = wire;
  return {
    encoder: frameEncoder(ch, connection.frameMax, envelope),
    write(frames, callbacks) {
      const open = connection.channels[ch];
      if (open?.channel !== channel) throw new BrokerUnavailable('The channel to RabbitMQ is closed');
      for (const callback of callbacks) wire.pushConfirmCallback(callback);
      connection.sentSinceLastCheck = true;
      return open.buffer.write(frames);
    },
  };
}

/** These are private to amqplib: another version may lack them, and would lose messages without a word. */
function refuseOtherAmqplib(wire: Unchecked<Wire>): void {
  const { connection, ch } = wire;
  const entry = typeof ch === 'number' ? connection?.channels?.[ch] : undefined;
  const missing = Object.entries({
    'channel.ch': typeof ch === 'number',
    'channel.pushConfirmCallback': typeof wire.pushConfirmCallback === 'function',
    'connection.frameMax': typeof connection?.frameMax === 'number',
    'connection.sentSinceLastCheck': typeof connection?.sentSinceLastCheck === 'boolean',
    // The entry of a channel that has closed meanwhile is null.
    'connection.channels': entry === null || typeof entry?.buffer?.write === 'function',
  }).flatMap(([name, isThere]) => (isThere ? [] : [name]));
  if (missing.length === 0) return;
  throw new Error(
    `amqplib has changed: ${missing.join(', ')} is not what frames are written to. ` +
      'Go back to the version of package-lock.json, or adapt libs/messaging/src/frame-writer.ts',
  );
}

type Unchecked<T> = T extends (...args: never[]) => unknown
  ? T | undefined
  : T extends object
    ? { readonly [K in keyof T]: Unchecked<T[K]> | undefined }
    : T | undefined;
