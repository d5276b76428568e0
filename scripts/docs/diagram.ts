/** The colours of a drawing, for a light page or a dark one. */
interface Palette {
  readonly page: string;
  readonly frame: string;
  readonly card: string;
  readonly line: string;
  readonly ink: string;
  readonly soft: string;
  readonly flow: string;
  readonly retry: string;
  readonly dead: string;
  readonly stored: string;
}

const LIGHT: Palette = {
  page: '#ffffff',
  frame: '#f6f8fa',
  card: '#ffffff',
  line: '#c4ccd5',
  ink: '#1f2328',
  soft: '#59636e',
  flow: '#0969da',
  retry: '#9a6700',
  dead: '#bc2f36',
  stored: '#1a7f37',
};

const DARK: Palette = {
  page: '#0d1117',
  frame: '#151b23',
  card: '#212830',
  line: '#4b5561',
  ink: '#f0f6fc',
  soft: '#a9b4c0',
  flow: '#6cb0ff',
  retry: '#dbab3c',
  dead: '#ff8078',
  stored: '#4fc765',
};

const WIDTH = 1100;
const HEIGHT = 424;
const ARROWS = ['flow', 'retry', 'dead', 'stored', 'soft'] as const;
type Arrow = (typeof ARROWS)[number];

/** The way of an order as SVG, by the name of its file. */
export function diagrams(): ReadonlyMap<string, string> {
  return new Map([
    ['esteira.svg', diagram(LIGHT)],
    ['esteira-dark.svg', diagram(DARK)],
  ]);
}

function diagram(palette: Palette): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title text" font-family="-apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif">`,
    '<title id="title">The way of an order</title>',
    '<desc id="text">The APIs of the systems publish rows of their Postgres to RabbitMQ. Consumers verify each message and store it in the endput Postgres, let it wait for a retry, or dead-letter it. MongoDB logs every attempt. Reconciliation compares sources and endput row by row.</desc>',
    `<defs>${ARROWS.map((arrow) => head(arrow, palette)).join('')}</defs>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="${palette.page}"/>`,
    ...sources(palette),
    ...broker(palette),
    ...consumer(palette),
    ...destinations(palette),
    ...flows(palette),
    ...reconciliation(palette),
    '</svg>',
    '',
  ].join('\n');
}

const head = (arrow: Arrow, palette: Palette): string =>
  `<marker id="${arrow}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="${palette[arrow]}"/></marker>`;

function box(x: number, y: number, width: number, height: number, fill: string, line: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${fill}" stroke="${line}" stroke-width="1.5"/>`;
}

interface Style {
  readonly size?: number;
  readonly bold?: boolean;
  readonly mono?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
}

function text(x: number, y: number, words: string, fill: string, style: Style = {}): string {
  const { size = 15, bold = false, mono = false, anchor = 'middle' } = style;
  const font = mono ? ` font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"` : '';
  return `<text x="${x}" y="${y}" fill="${fill}" font-size="${size}" text-anchor="${anchor}"${bold ? ' font-weight="600"' : ''}${font}>${words}</text>`;
}

function arrow(path: string, kind: Arrow, palette: Palette, dashed = false): string {
  return `<path d="${path}" fill="none" stroke="${palette[kind]}" stroke-width="2"${dashed ? ' stroke-dasharray="5 5"' : ''} marker-end="url(#${kind})"/>`;
}

function sources(palette: Palette): string[] {
  const { frame, card, line, ink, soft } = palette;
  const system = (name: string, y: number) => [
    box(20, y, 200, 92, frame, line),
    text(36, y + 28, name, ink, { bold: true, size: 16, anchor: 'start' }),
    box(36, y + 44, 76, 32, card, line),
    text(74, y + 65, 'API', ink),
    box(124, y + 44, 80, 32, card, line),
    text(164, y + 65, 'Postgres', ink, { size: 14 }),
  ];
  return [
    ...system('system-1', 24),
    ...system('system-2', 132),
    box(20, 262, 200, 56, frame, line),
    text(36, 286, 'Redis', ink, { bold: true, size: 16, anchor: 'start' }),
    text(36, 306, 'a cursor for each system', soft, { size: 14, anchor: 'start' }),
    arrow('M120 224 V258', 'soft', palette, true),
  ];
}

function broker({ frame, card, line, ink, soft }: Palette): string[] {
  const queue = (name: string, y: number) => [
    box(352, y, 216, 44, card, line),
    text(460, y + 27, name, ink, { mono: true, size: 14.5 }),
  ];
  return [
    box(336, 24, 248, 294, frame, line),
    text(352, 50, 'RabbitMQ', ink, { bold: true, size: 16, anchor: 'start' }),
    ...queue('orders.primary', 66),
    ...queue('orders.wait.10000ms', 160),
    ...queue('orders.dead-letter', 252),
    text(482, 141, 'after 10 s', soft, { size: 14, anchor: 'start' }),
  ];
}

function consumer({ frame, card, line, ink }: Palette): string[] {
  const stages = ['decode', 'recall', 'verify', 'decide', 'store', 'settle'];
  return [
    box(690, 24, 140, 210, frame, line),
    text(760, 50, 'Consumers', ink, { bold: true, size: 16 }),
    ...stages.flatMap((stage, i) => [
      box(706, 62 + i * 27, 108, 23, card, line),
      text(760, 78.5 + i * 27, stage, ink, { size: 14 }),
    ]),
  ];
}

function destinations({ frame, card, line, ink, soft, stored, dead }: Palette): string[] {
  return [
    box(900, 24, 180, 210, frame, line),
    text(916, 50, 'Endput Postgres', ink, { bold: true, size: 16, anchor: 'start' }),
    box(916, 66, 148, 60, card, stored),
    text(990, 91, 'orders', ink, { mono: true }),
    text(990, 112, 'stored', soft, { size: 14 }),
    box(916, 150, 148, 60, card, dead),
    text(990, 175, 'dead_letters', ink, { mono: true }),
    text(990, 196, 'given up', soft, { size: 14 }),
    box(900, 262, 180, 56, frame, line),
    text(916, 286, 'MongoDB', ink, { bold: true, size: 16, anchor: 'start' }),
    text(916, 306, 'a log of attempts', soft, { size: 14, anchor: 'start' }),
  ];
}

function flows(palette: Palette): string[] {
  const { flow, retry, dead, soft } = palette;
  return [
    arrow('M220 70 C 280 70 285 82 346 84', 'flow', palette),
    arrow('M220 178 C 290 178 275 100 346 94', 'flow', palette),
    text(278, 58, 'publish', flow, { size: 14 }),
    arrow('M568 88 H684', 'flow', palette),
    text(637, 79, 'batches', flow, { size: 14 }),
    arrow('M690 182 H574', 'retry', palette),
    text(637, 173, 'retry', retry, { size: 14 }),
    arrow('M460 160 V116', 'retry', palette),
    arrow('M724 234 V274 H574', 'dead', palette),
    text(637, 265, 'a mirror', dead, { size: 14 }),
    arrow('M830 96 H910', 'stored', palette),
    arrow('M830 180 H910', 'dead', palette),
    arrow('M796 234 V290 H894', 'soft', palette),
    text(842, 281, 'attempts', soft, { size: 14 }),
  ];
}

function reconciliation({ frame, line, ink, soft }: Palette): string[] {
  return [
    box(20, 346, 1060, 56, frame, line),
    text(36, 380, 'make reconcile', ink, { bold: true, mono: true, size: 16, anchor: 'start' }),
    text(
      196,
      380,
      'compares every source row with where it came to rest. What is nowhere is listed as missing.',
      soft,
      { size: 14.5, anchor: 'start' },
    ),
  ];
}
