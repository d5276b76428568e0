import {
  HEADER,
  MAX_MAX_ATTEMPTS,
  writeHeaders,
  type OutgoingMessage,
  type Pipeline,
  type WireHeaders,
} from '@esteira/pipeline';

/** A dead letter that is to be sent: its body, and the round that begins. */
export interface LetterToSend {
  /** The id that its body proves. */
  readonly sendAs: string;
  readonly round: number;
  readonly body: Buffer;
  readonly headers: WireHeaders;
}

/**
 * The message of a redriven dead letter: its body, with the headers of a first attempt in its round. `maxAttempts` is
 * what it carries if it is given; otherwise what it carried before, or `usually` where that can't be read. Pure.
 */
export function redrivenMessage(
  pipeline: Pipeline,
  { sendAs, round, body, headers }: LetterToSend,
  maxAttempts: number | null,
  usually: number,
): OutgoingMessage {
  const traceparent = headers[HEADER.traceparent];
  return {
    messageId: sendAs,
    type: pipeline.type,
    lane: pipeline.lanes[0],
    body,
    headers: writeHeaders({
      schemaVersion: pipeline.schemaVersion,
      attempt: 1,
      maxAttempts: maxAttempts ?? carried(headers) ?? usually,
      round,
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
    }),
  };
}

function carried(headers: WireHeaders): number | undefined {
  const value = headers[HEADER.maxAttempts];
  const isOne = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_MAX_ATTEMPTS;
  return isOne ? value : undefined;
}
