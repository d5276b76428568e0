import iconv from 'iconv-lite';

/** The charsets that files are read in, by the names that they have on the web. */
export const CHARSETS = [
  'utf-8',
  'utf-16',
  'utf-16le',
  'utf-16be',
  'utf-32',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'windows-874',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-7',
  'iso-8859-9',
  'iso-8859-15',
  'macintosh',
  'ibm437',
  'ibm850',
  'ibm852',
  'ibm866',
  'koi8-r',
  'koi8-u',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
] as const;
export type Charset = (typeof CHARSETS)[number];

/**
 * Other names. Latin-1 is read as Windows-1252, as browsers do: what calls itself so holds curly quotes and the euro.
 * ASCII is UTF-8: where it is neither, the line is refused.
 */
const ALIASES: Readonly<Record<string, Charset>> = {
  utf8: 'utf-8',
  ascii: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1252: 'windows-1252',
  'x-mac-roman': 'macintosh',
  cp437: 'ibm437',
  cp850: 'ibm850',
  'windows-31j': 'shift_jis',
  sjis: 'shift_jis',
  gbk: 'gb18030',
  gb2312: 'gb18030',
};

/** The charset of this name; undefined for one that is not known. */
export function charsetOf(name: string): Charset | undefined {
  const plain = name.trim().toLowerCase();
  return CHARSETS.find((charset) => charset === plain) ?? ALIASES[plain];
}

/** Byte order marks; of two that begin alike, the longer first. */
const MARKS: readonly (readonly [mark: Buffer, charset: Charset])[] = [
  [Buffer.from([0xff, 0xfe, 0, 0]), 'utf-32'],
  [Buffer.from([0, 0, 0xfe, 0xff]), 'utf-32'],
  [Buffer.from([0xff, 0xfe]), 'utf-16'],
  [Buffer.from([0xfe, 0xff]), 'utf-16'],
  [Buffer.from([0xef, 0xbb, 0xbf]), 'utf-8'],
];

/**
 * The charset of a file: by its byte order mark, then as it was said, then UTF-16 where the first characters have a NUL
 * beside them, which no text in UTF-8 has.
 */
export function charsetIn(head: Buffer, said: Charset | undefined): Charset {
  const marked = MARKS.find(([mark]) => head.subarray(0, mark.length).equals(mark))?.[1];
  if (marked !== undefined || said !== undefined) return marked ?? said ?? 'utf-8';
  return head.subarray(0, 2).includes(0) ? 'utf-16' : 'utf-8';
}

interface Decoder {
  write(chunk: Buffer): string;
  end(): string | undefined;
}

/**
 * The library's decoder. Of GB18030, the one charset here with characters of four bytes, it loses those that a chunk ends
 * within: there it is the platform's, which knows fewer characters of some others.
 */
function decoderOf(charset: Charset): Decoder {
  if (charset !== 'gb18030') return iconv.getDecoder(charset);
  const decoder = new TextDecoder(charset, { ignoreBOM: true });
  return { write: (chunk) => decoder.decode(chunk, { stream: true }), end: () => decoder.decode() };
}

/** Bytes of a character in charsets where all have as many, or a multiple. */
const UNITS: Readonly<Partial<Record<Charset, number>>> = { 'utf-16': 2, 'utf-16le': 2, 'utf-16be': 2, 'utf-32': 4 };
const HIGH_SURROGATE = /[\ud800-\udbff]$/;
const REPLACEMENT = Buffer.from('\ufffd');

/** The same text in UTF-8, without a mark. What is no character becomes U+FFFD, which readers refuse. */
export async function* toUtf8(bytes: AsyncIterable<Buffer>, charset: Charset): AsyncGenerator<Buffer> {
  const decoder = decoderOf(charset);
  let length = 0;
  // Half of a surrogate pair, of which the decoder may give the other half with the next chunk.
  let half = '';
  for await (const chunk of bytes) {
    length += chunk.length;
    const text = half + decoder.write(chunk);
    half = HIGH_SURROGATE.exec(text)?.[0] ?? '';
    if (text.length > half.length) yield Buffer.from(text.slice(0, text.length - half.length));
  }
  const rest = half + (decoder.end() ?? '');
  if (rest !== '') yield Buffer.from(rest);
  // Half a character at the end is dropped by the decoder: the line that it is in must not pass for whole.
  if (length % (UNITS[charset] ?? 1) !== 0) yield REPLACEMENT;
}
