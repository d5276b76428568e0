import { failureOf, messageOf, SYSTEMS, type System, type World } from './world.ts';

/** Something the console is asked, in as many ways as it is asked at all. */
export interface Page {
  /** Its `operationId` in the OpenAPI document. */
  readonly operation: string;
  readonly what: string;
  /** Another path (or body) at each turn where there are several: nothing is quick because it was just asked. */
  readonly ask: (turn: number) => Asked;
  /** The least that must be found; an answer with less was quick for nothing. 1 where nothing is said. */
  readonly least?: number;
}

/** A request; one with a body is posted. */
export interface Asked {
  readonly path: string;
  readonly body?: object;
}

type Query = Readonly<Record<string, string | number>>;

const path = (base: string, query: Query): string => {
  const text = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return text.length === 0 ? base : `${base}?${text.join('&')}`;
};

/** What is prepared before pages are asked for: the ids that paths need, and how to get deep into a list. */
export interface Known {
  readonly world: World;
  readonly job: string;
  readonly reconciliation: string;
  /** The cursor after so many items of a list. */
  readonly deep: (path: string, items: number) => Promise<string>;
}

/** Every page that is measured while all letters are dead. */
export async function pagesOf(known: Known): Promise<Page[]> {
  const pages = [
    ...overviewPages(),
    ...(await messagePages(known)),
    ...(await letterPages(known)),
    ...otherPages(known),
  ];
  return expecting(known.world, pages);
}

/** A world that is smaller for a trial may have too few of something. */
const expecting = ({ rows }: World, pages: Page[]): Page[] =>
  rows >= 300_000 ? pages : pages.map((one) => ({ ...one, least: 0 }));

const overviewPages = (): Page[] => [
  { operation: 'pipelines', what: '', ask: () => ({ path: '/v0/pipelines' }) },
  { operation: 'overview', what: '', ask: () => ({ path: '/v0/pipelines/orders/overview' }) },
  { operation: 'overviewHistory', what: 'charts', ask: () => ({ path: '/v0/pipelines/orders/overview/history' }) },
];

const systemAt = (turn: number): System => SYSTEMS[turn % 2] ?? SYSTEMS[0];
/** Some row that died, and, one further, one that is stored. */
const deadRow = ({ rows }: World, turn: number) => 3 * (1 + ((turn * 7_919) % Math.floor((rows * 0.9) / 3)));
const deadId = (world: World, turn: number) => messageOf(systemAt(turn), deadRow(world, turn)).messageId;
const storedId = (world: World, turn: number) => messageOf(systemAt(turn), deadRow(world, turn) + 1).messageId;

const page =
  (operation: string, base: string) =>
  (what: string, query: Query | ((turn: number) => Query), least = 1) => ({
    ...{ operation, what, least },
    ask: (turn: number) => ({ path: path(base, typeof query === 'function' ? query(turn) : query) }),
  });

async function messagePages({ world, deep }: Known): Promise<Page[]> {
  const list = page('messages', '/v0/pipelines/orders/messages');
  const at = (ago: number) => new Date(world.now - ago).toISOString();
  const after = await deep('/v0/pipelines/orders/messages?limit=500', 10_000);
  return [
    list('latest attempts', {}, 50),
    list('latest attempts, page 200', { cursor: after }, 50),
    list('dead-lettered', { status: 'dead-lettered' }, 50),
    list('failed at attempt 2', { status: 'failed', attempt: 2 }, 50),
    list('invalid: none', { status: 'invalid' }, 0),
    list('of half a minute', (turn) => ({ from: at(300_000 + turn * 1_000), to: at(270_000 + turn * 1_000) }), 50),
    list('by id', (turn) => ({ message_id: deadId(world, turn) }), 3),
    list('by system and source id', (turn) => ({ system: systemAt(turn), source_id: deadRow(world, turn) }), 3),
    list('words of every letter', { words: 'order check' }, 50),
    list('a product', { words: 'kettle' }, 50),
    list('a product of one system', { words: 'coffee mill', system: 'system-2' }, 50),
    list('words of one stored order', (turn) => ({ words: `no${deadRow(world, turn) + 1}` }), 1),
    list('words of nothing', { words: 'zebra' }, 0),
    ...[deadId, storedId].map((idOf) => ({
      operation: 'message',
      what: idOf === deadId ? 'of a dead letter' : 'of a stored order',
      ask: (turn: number) => ({ path: `/v0/pipelines/orders/messages/${idOf(world, turn)}` }),
    })),
  ];
}

async function letterPages({ world, deep }: Known): Promise<Page[]> {
  const list = page('deadLetters', '/v0/pipelines/orders/dead-letters');
  const groups = page('deadLetterGroups', '/v0/pipelines/orders/dead-letters/groups');
  const at = (ago: number) => new Date(world.now - ago).toISOString();
  const after = await deep('/v0/pipelines/orders/dead-letters?limit=500', 50_000);
  const code = (turn: number) => failureOf(300 * (turn % 50) + 297).code;
  return [
    groups('open', {}, 50),
    groups('open, of a system', { origin: 'system-2' }, 50),
    groups('any product that is a kettle', { words: 'kettle' }, 1),
    groups('of an hour', { from: at(7_200_000), to: at(3_600_000) }, 5),
    list('newest first', {}, 50),
    list('newest first, page 1,000', { cursor: after }, 50),
    list('oldest first', { sort: 'dead_at' }, 50),
    list('by id', { sort: 'message_id' }, 50),
    list('500 at once', { limit: 500 }, 500),
    list('open', { state: 'dead' }, 50),
    list('redriven: none', { state: 'redriven' }, 0),
    list('a group', { state: 'dead', reason: 'attempts-exhausted', error_code: 'timeout' }, 50),
    list('a rare code', (turn) => ({ error_code: code(turn) })),
    list('a reason', { reason: 'refused' }, 50),
    list('a system', { state: 'dead', origin: 'system-2' }, 50),
    list('a system that is none', { origin: 'system-9' }, 0),
    list('a minute', (turn) => ({ from: at(7_200_000 + turn * 60_000), to: at(7_140_000 + turn * 60_000) }), 50),
    list('words that all have', { words: 'order check' }, 50),
    list('words that many have', { words: 'coffee mill', state: 'dead' }, 50),
    list('words that one has', (turn) => ({ words: `no${deadRow(world, turn)}` })),
    list('words that none has', { words: 'zebra' }, 0),
    list('the beginning of a word', { words: 'no1' }, 50),
    list('words, code and system', (turn) => ({ words: 'kettle', error_code: 'timeout', origin: systemAt(turn) }), 50),
    list('words, oldest of a rare code', (turn) => ({ words: 'order', error_code: code(turn), sort: 'dead_at' })),
    {
      operation: 'deadLetter',
      what: 'whole',
      ask: (turn) => ({ path: `/v0/pipelines/orders/dead-letters/${deadId(world, turn)}` }),
    },
    ...previews(world),
  ];
}

type Selection = Readonly<Record<string, unknown>>;

function previews(world: World): Page[] {
  const preview = (what: string, selection: Selection | ((turn: number) => Selection)): Page => ({
    operation: 'previewJob',
    what,
    ask: (turn) => ({
      path: '/v0/pipelines/orders/dead-letters/preview',
      body: { action: 'redrive', selection: typeof selection === 'function' ? selection(turn) : selection },
    }),
  });
  const ids = (turn: number) => Array.from({ length: 500 }, (_, index) => deadId(world, turn * 500 + index));
  return [
    preview('of all', { filter: {} }),
    preview('of a group', { filter: { reason: 'attempts-exhausted', error_code: 'timeout' } }),
    preview('of a system', { filter: { origin: 'system-2' } }),
    preview('of words', { filter: { words: 'coffee mill' } }),
    preview('of 500 that were picked', (turn) => ({ message_ids: ids(turn) })),
  ];
}

function otherPages({ world, job, reconciliation }: Known): Page[] {
  const rows = page('reconciliationRows', `/v0/pipelines/orders/reconciliations/${reconciliation}/rows`);
  return [
    page('jobs', '/v0/pipelines/orders/jobs')('newest first', {}),
    { operation: 'job', what: 'ended', ask: () => ({ path: `/v0/pipelines/orders/jobs/${job}` }) },
    page('history', '/v0/pipelines/orders/history')('newest first', {}, 50),
    page('history', '/v0/pipelines/orders/history')('of a job', { job }, 2),
    page('history', '/v0/pipelines/orders/history')('of a message', (turn) => ({ message_id: deadId(world, turn) }), 0),
    page('reconciliations', '/v0/pipelines/orders/reconciliations')('newest first', {}),
    {
      operation: 'reconciliation',
      what: 'by system and day',
      ask: () => ({ path: `/v0/pipelines/orders/reconciliations/${reconciliation}` }),
    },
    rows('orphans', { kind: 'orphan' }, 50),
    rows('orphans of a system', { kind: 'orphan', system: 'system-2' }, 50),
    rows('missing: none', { kind: 'missing' }, 0),
  ];
}

/** Once a job has redriven every letter: what is large now was empty before. */
export function pagesAfterwards({ world, job }: Known): Page[] {
  const list = page('deadLetters', '/v0/pipelines/orders/dead-letters');
  return expecting(world, [
    page('jobs', '/v0/pipelines/orders/jobs')('newest first, two of them large', {}),
    { operation: 'job', what: 'of 100,000 letters', ask: () => ({ path: `/v0/pipelines/orders/jobs/${job}` }) },
    list('redriven', { state: 'redriven' }, 50),
    list('open: none left', { state: 'dead' }, 0),
    page('deadLetterGroups', '/v0/pipelines/orders/dead-letters/groups')('redriven', { state: 'redriven' }, 50),
    {
      operation: 'message',
      what: 'of a redriven order',
      ask: (turn) => ({ path: `/v0/pipelines/orders/messages/${deadId(world, turn)}` }),
    },
    { operation: 'overview', what: 'after the redrive', ask: () => ({ path: '/v0/pipelines/orders/overview' }) },
  ]);
}

/** Reading routes that are no page: files, streams, and what supervisors ask. */
export const NO_PAGES: ReadonlySet<string> = new Set([
  ...['session', 'metrics', 'live', 'ready', 'overviewStream', 'exportDeadLetters', 'exportReconciliation'],
]);
