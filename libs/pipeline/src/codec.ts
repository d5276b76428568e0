import type { WireHeaders } from './headers.ts';
import type { Failure } from './outcome.ts';

/** Who a message is, as its body proves. */
export interface Identity {
  readonly messageId: string;
  readonly system: string;
  /** The source row's id, decimal text. */
  readonly sourceId: string;
  /** When the source row was made, ISO 8601; null where it has no time that can be kept. */
  readonly createdAt: string | null;
}

/** A body that was read: who it proves to be, if anybody, and its message or what is wrong with it. */
export type Reading<M> =
  | { readonly identity: Identity; readonly message: M }
  | { readonly identity: Identity; readonly failure: Failure }
  | { readonly failure: Failure };

/** What a message says beside its body. */
export interface MessageProperties {
  readonly type: string | undefined;
  readonly headers: WireHeaders;
}

/** Reads the messages of a pipeline. */
export interface Codec<M> {
  /** Never throws, whatever the bytes and properties are. */
  read(body: Uint8Array, properties: MessageProperties): Reading<M>;
  /** Which system a message id is of, as far as the id alone tells; it proves nothing. */
  systemOf(messageId: string): string | undefined;
}

/** A failure of a message that can't be read. */
export function invalid(code: string, message: string): Failure {
  return { code: `invalid-${code}`, message };
}
