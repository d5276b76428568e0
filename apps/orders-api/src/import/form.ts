import { pipeline } from 'node:stream';
import { Dicer } from '@fastify/busboy';

/** A form is not one with a file in it and nothing else. */
export class FormRefused extends Error {
  constructor(why: string) {
    super(`${why}. Send a form with one field, the file: curl -F file=@orders.csv`);
    this.name = 'FormRefused';
  }
}

/** The file of a form. */
export interface FormFile {
  readonly bytes: AsyncIterable<Buffer>;
  /** As the form gives it; undefined where it does not. */
  readonly contentType: string | undefined;
}

interface Header {
  readonly 'content-type'?: readonly string[];
  readonly 'content-disposition'?: readonly string[];
  readonly 'content-transfer-encoding'?: readonly string[];
}

/** In bytes, of what is read ahead. */
const CHUNK_BYTES = 65_536;

/**
 * Finds the file of a form (multipart/form-data) and streams it. The form has one part: more are an error at the end
 * of the first, since nothing says what would become of them.
 */
export async function fileOfForm(body: AsyncIterable<Buffer>, boundary: string): Promise<FormFile> {
  if (boundary === '') throw new FormRefused('The content type names no boundary');
  const { promise: first, resolve: found, reject: notFound } = Promise.withResolvers<[Dicer.PartStream, Header]>();
  const { promise: ended, resolve: end, reject: broken } = Promise.withResolvers<undefined>();
  ended.catch(notFound);
  const parts: Dicer.PartStream[] = [];
  const dicer = new Dicer({ boundary, highWaterMark: CHUNK_BYTES, partHwm: CHUNK_BYTES } as Dicer.Config);
  dicer.on('part', (part) => {
    parts.push(part);
    // Heard by whoever reads it, and by `ended`.
    part.on('error', () => undefined);
    part.on('header', (header: Header) => {
      if (parts.length === 1) {
        found([part, header]);
        return;
      }
      part.resume();
      broken(new FormRefused(`It has ${nameOf(header)} beside the file. Options stand in the address`));
    });
  });
  dicer.on('finish', () => {
    notFound(new FormRefused('It has no file'));
    end(undefined);
  });
  // Heard here before it says that it has finished, which it does all the same.
  dicer.on('error', (error) => {
    broken(error.message === 'Unexpected end of multipart data' ? new FormRefused('Its end is missing') : error);
  });
  pipeline(body, dicer, (error) => {
    if (!(error instanceof Error)) return;
    broken(error);
    for (const part of parts) part.destroy(error);
  });
  const [part, header] = await first;
  refuseEncoding(header);
  return { bytes: untilEnd(part, ended), contentType: header['content-type']?.[0] };
}

/** The bytes of the first part, and then the end of the form, which may be an error. */
async function* untilEnd(part: Dicer.PartStream, ended: Promise<undefined>): AsyncGenerator<Buffer> {
  try {
    yield* part as AsyncIterable<Buffer>;
  } catch (error) {
    // The form knows better why its part broke off.
    await ended;
    throw error;
  }
  await ended;
}

function refuseEncoding(header: Header): void {
  const encoding = header['content-transfer-encoding']?.[0]?.trim().toLowerCase() ?? 'binary';
  if (['binary', '8bit', '7bit'].includes(encoding)) return;
  throw new FormRefused(`Its file is encoded as ${encoding}. Send it as it is`);
}

function nameOf(header: Header): string {
  const name = /\bname="([^"]*)"/.exec(header['content-disposition']?.[0] ?? '')?.[1];
  return name === undefined ? 'another part' : `a field "${name}"`;
}
