import { defineProblem, placed, unsupportedMediaType } from '@esteira/http';

export const notText = defineProblem({
  code: 'not-text',
  status: 415,
  title: 'The file is no text.',
});

const SAVE = 'Save the sheet as CSV (in Excel: Save As, "CSV UTF-8"), and send that.';

/** What files begin with that are often sent instead of a text, and what to do with them. */
const KINDS: readonly (readonly [magic: Buffer, advice: string])[] = [
  [
    Buffer.from('PK\x03\x04', 'latin1'),
    `The file is a workbook of Excel or LibreOffice (.xlsx, .ods), or a zip archive. ${SAVE} Of an archive, send the file inside.`,
  ],
  [Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), `The file is an old workbook of Excel (.xls). ${SAVE}`],
  [Buffer.from('%PDF', 'latin1'), 'The file is a PDF. Export the orders as CSV, and send that.'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'The file is packed with zstd. Unpack it, or pack it with gzip.'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'The file is packed with xz. Unpack it, or pack it with gzip.'],
  [Buffer.from('BZh', 'latin1'), 'The file is packed with bzip2. Unpack it, or pack it with gzip.'],
  [Buffer.from('7z\xbc\xaf', 'latin1'), 'The file is a 7z archive. Send the file inside.'],
];

/** Refuses a file by its first bytes, in words that say what to do. */
export function refuseNotText(head: Buffer): void {
  const advice = KINDS.find(([magic]) => head.subarray(0, magic.length).equals(magic))?.[1];
  if (advice !== undefined) throw notText(advice, placed('body', '', 'is no text'));
}

/** Refuses a charset that is not known. */
export function refuseCharset(name: string) {
  const detail = `The charset ${name} is not known here. GET /docs lists those that are (?charset=); or save the file as UTF-8.`;
  return unsupportedMediaType(detail, placed('headers', '/content-type', 'names a charset that is not known here'));
}
