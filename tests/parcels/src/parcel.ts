import {
  contentId,
  invalid,
  maxAttemptsOf,
  writeHeaders,
  type Codec,
  type Identity,
  type OutgoingMessage,
  type Reading,
} from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { parcelsPipeline, policy } from './pipeline.ts';

/** A parcel as a message has it. */
const schema = Type.Object(
  {
    depot: Type.String({ pattern: '^[a-z]{1,63}$' }),
    number: Type.String({ pattern: '^[A-Z]{2}-[0-9]{1,12}/[a-z]$', description: 'For example `BR-4711/a`.' }),
    grams: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
    restless: Type.Optional(Type.Integer({ minimum: 0, description: 'How often it is weighed before it lies still.' })),
  },
  { additionalProperties: false },
);
export type Parcel = Static<typeof schema>;

const compiled = Compile(schema);
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Who a parcel is. A tracking number is never used again, so it has no incarnation. */
export const identityOf = ({ depot, number }: Pick<Parcel, 'depot' | 'number'>): Identity => ({
  messageId: contentId(Buffer.from(number), [parcelsPipeline.name, depot]),
  origin: depot,
  key: number,
  incarnation: null,
});

/** Reads a body. What is no parcel proves nobody. */
export function readParcel(body: Uint8Array): Reading<Parcel> {
  try {
    const value: unknown = JSON.parse(utf8.decode(body));
    if (compiled.Check(value)) return { identity: identityOf(value), message: value };
  } catch {
    return { failure: invalid('not-json', 'the body is no JSON') };
  }
  return { failure: invalid('schema', 'the body is no parcel') };
}

export const parcelCodec: Codec<Parcel> = {
  read: readParcel,
  originOf: () => undefined, // An id is a hash: it tells no depot.
};

/** A parcel on its way to a lane. */
export const parcelMessage = (parcel: Parcel, lane: string): OutgoingMessage => ({
  messageId: identityOf(parcel).messageId,
  type: parcelsPipeline.types[0].name,
  lane,
  body: Buffer.from(JSON.stringify(parcel)),
  headers: writeHeaders({
    ...{ schemaVersion: 1, attempt: 1, round: 1 },
    maxAttempts: maxAttemptsOf(parcelsPipeline, lane, policy.maxAttempts),
  }),
});
