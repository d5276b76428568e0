import type { WireHeaders } from './headers.ts';
import { isMessageId } from './message-id.ts';
import type { Failure } from './outcome.ts';

/** Who a message is, as its body proves. A text of it is well-formed, without NUL, and at most 255 characters long. */
export interface Identity {
  /** A UUID, lower case. */
  readonly messageId: string;
  /** Which source it comes from. */
  readonly origin: string;
  /** What it is there. */
  readonly key: string;
  /**
   * What tells two things apart that have the same key one after the other; null where keys are never used again. It is
   * compared as text: however a body spells it, the codec gives one text for it.
   */
  readonly incarnation: string | null;
}

/** Who a body proves to be. */
export interface Proof {
  readonly identity: Identity;
  /** When the thing was made at its source, ISO 8601, where the body tells: for measures alone. */
  readonly madeAt?: string | null;
}

/** A body that was read: who it proves to be, if anybody, and its message or what is wrong with it. */
export type Reading<M> =
  (Proof & { readonly message: M }) | (Proof & { readonly failure: Failure }) | { readonly failure: Failure };

/** What a message says beside its body. */
export interface MessageProperties {
  readonly type: string | undefined;
  readonly headers: WireHeaders;
}

/** Reads the messages of a pipeline. */
export interface Codec<M> {
  /** Never throws, whatever the bytes and properties are. */
  read(body: Uint8Array, properties: MessageProperties): Reading<M>;
  /** Which origin a message id is of, as far as the id alone tells; it proves nothing. */
  originOf(messageId: string): string | undefined;
}

/** A failure of a message that can't be read. */
export function invalid(code: string, message: string): Failure {
  return { code: `invalid-${code}`, message };
}

/** The longest text of an identity, in characters: tables have indexes over it. */
const LONGEST = 255;

/**
 * What is wrong with an identity; undefined where nothing is. A table that could not hold it would give its batch back
 * again and again. Pure.
 */
export function identityProblem({ messageId, origin, key, incarnation }: Identity): string | undefined {
  if (!isMessageId(messageId)) return 'its id is no UUID in lower case';
  if (!isHeld(origin)) return problemOf('origin');
  if (!isHeld(key)) return problemOf('key');
  return incarnation === null || isHeld(incarnation) ? undefined : problemOf('incarnation');
}

const isHeld = (text: string) =>
  text.length > 0 && text.length <= LONGEST && text.isWellFormed() && !text.includes('\0');

const problemOf = (name: keyof Identity) =>
  `its ${name} is not 1 to ${LONGEST} characters, or has a NUL or half a pair`;
