import { loadSettings } from '@esteira/settings';
import type { KnownProcess } from '@esteira/heartbeat';
import type { ServiceStatus } from '@esteira/infra';
import { CONTENT_FIELDS } from '@esteira/orders/reconciliation';
import { emptyReport, rowsReport, rowsToCsv, type SystemReport } from '@esteira/reconciliation';
import type { BookClass } from '@esteira/pipeline';
import { describe, expect, it } from 'vitest';
import { addressRows } from '../src/addresses.ts';
import { partsOf } from '../src/commands/clear.ts';
import { elsewhereRows, statusRows, withHolders } from '../src/commands/status.ts';
import { booksColumns, problemLines } from '../src/books/table.ts';
import { dayRows, reportRows, reportTable, rowLine } from '../src/reconcile/report.ts';
import { isOn } from '../src/terminal.ts';

function reportOf(system: string, rows: number, classes: Partial<SystemReport['classes']>): SystemReport {
  const report = emptyReport(system);
  report.rows = rows;
  Object.assign(report.classes, classes);
  return report;
}

describe('the table of a reconciliation', () => {
  const systems = [
    reportOf('system-1', 100, { stored: 90, dead: 4, 'not-yet-published': 5, missing: 1 }),
    reportOf('system-2', 50, { stored: 50 }),
  ];

  it('has a row for each system, and one in which they are added up', () => {
    const { head, rows } = reportRows({ systems }, new Map([['system-1', 300]]));
    expect(head.map((name) => name.replace('\n', ' '))).toEqual([
      'system',
      'rows read',
      'published',
      'stored',
      'dead letters',
      'in flight',
      'to publish',
      'attempts',
      'logged',
      'difference',
    ]);
    expect(rows).toEqual([
      ['system-1', 100, 95, 90, 4, 0, 5, 0, 300, 1],
      ['system-2', 50, 50, 50, 0, 0, 0, 0, 0, 0],
      ['all', 150, 145, 140, 4, 0, 5, 0, 300, 1],
    ]);
  });

  it('says that it does not know what the log holds while MongoDB is away', () => {
    expect(reportRows({ systems }, undefined).rows.map((row) => row.at(-2))).toEqual(['?', '?', '?']);
  });

  it('fits into 100 columns, by system and by day, with a million rows of each class', () => {
    const many = { stored: 1e6, dead: 1e6, discarded: 1e6, 'in-flight': 1e6, 'not-yet-published': 1e6, orphan: 1e6 };
    const huge = ['system-1', 'system-2'].map((name) => reportOf(name, 5e6, many));
    const widest = (table: string) => Math.max(...table.split('\n').map((line) => line.length));
    expect(widest(reportTable({ systems: huge }, new Map()))).toBeLessThanOrEqual(100);
    expect(widest(reportTable({ systems }, new Map()))).toBeLessThanOrEqual(100);
  });

  it('has a row for each day of a system where it is asked for', () => {
    const days = ['1997-01-01', 'unknown'].map((day) => ({ ...reportOf('system-1', 5, { stored: 5 }), day }));
    const { head, rows } = dayRows({ systems: [{ ...reportOf('system-1', 10, { stored: 10 }), days }] });
    expect(head).toEqual(expect.arrayContaining(['day', 'stored', 'difference']));
    expect(rows.map(([system, day, read]) => [system, day, read])).toEqual([
      ['system-1', '1997-01-01', 5],
      ['system-1', 'unknown', 5],
    ]);
  });

  it('is that of any books: a pipeline names its classes, and what is rare shows where there is any', () => {
    const classes: readonly BookClass[] = [
      { name: 'succeeded', label: 'succeeded', kind: 'done' },
      { name: 'dead', label: 'dead', kind: 'dead' },
      { name: 'cancelled', label: 'cancelled', kind: 'discarded' },
      { name: 'running', label: 'running', kind: 'in-flight' },
      { name: 'unpaid', label: 'unpaid', kind: 'fault', what: 'paid by nobody', remedy: null },
    ];
    const columnsOf = (counts: Record<string, number>) =>
      booksColumns({ accepted: 'handed in', classes, origins: [{ origin: 'by hand', accepted: 9, counts }] }).map(
        ({ head, cells }) => [head, ...cells],
      );
    const shown = [
      ['handed\nin', 9],
      ['succeeded', 6],
      ['dead', 0],
    ];
    expect(columnsOf({ succeeded: 6, running: 2, unpaid: 1 })).toEqual([...shown, ['running', 2], ['difference', 1]]);
    expect(columnsOf({ succeeded: 6, cancelled: 3 })).toEqual([
      ...shown,
      ['cancelled', 3],
      ...[
        ['running', 0],
        ['difference', 0],
      ],
    ]);
  });

  it('says in words what is wrong, and nothing where all is well', () => {
    expect(problemLines(rowsReport(systems))).toEqual([
      '1 missing: published, but in neither the endput, the dead letters nor the broker',
    ]);
    expect(problemLines(rowsReport(systems.slice(1)))).toEqual([]);
  });

  it('names rows for people and for programs', () => {
    const row = {
      system: 'system-1',
      id: '7',
      class: 'differs',
      round: 1,
      day: '1997-01-31',
      source: '["a",1]',
      stored: 'b',
    } as const;
    const priced = { ...row, source: '["a",10.00,true]', stored: '["a",12.00,true]' };
    expect(rowLine(priced)).toContain('differs  price: 10.00 in the source, 12.00 in the endput');
    expect(rowLine(row)).toContain('differs  content: ["a",1] in the source, b in the endput');
    expect(rowsToCsv([priced], CONTENT_FIELDS)).toBe(
      'system-1,7,differs,1,"[""a"",10.00,true]","[""a"",12.00,true]",1997-01-31,"price: 10.00 in the source, 12.00 in the endput"\n',
    );
  });
});

describe('the tables of services', () => {
  const settings = loadSettings({});
  const up = (name: string): ServiceStatus => ({ name, kind: 'app', state: 'up', address: 'http://127.0.0.1:1' });

  it('show addresses of what is up, without passwords', () => {
    const rows = addressRows(settings, [up('api-system-2'), up('rabbitmq'), up('endput'), up('tasks')]);
    expect(rows.map(([, address]) => address)).toEqual([
      'http://127.0.0.1:8002/docs',
      'http://127.0.0.1:8002/redoc',
      'http://127.0.0.1:15672/',
      'postgres://esteira:***@127.0.0.1:5434/endput',
      'postgres://esteira:***@127.0.0.1:5435/tasks',
    ]);
    expect(rows.map(([what]) => what).filter((what) => what.includes('user'))).toEqual([
      'RabbitMQ: queues (user esteira, password esteira)',
      'endput: stored orders and dead letters (user esteira, password esteira)',
      'tasks: schedules and tasks (user esteira, password esteira)',
    ]);
    const own = loadSettings({ RABBITMQ_MANAGEMENT_URL: 'http://ops:my-secret@127.0.0.1:15672' });
    expect(addressRows(own, [up('rabbitmq')])[0]?.[0]).toBe('RabbitMQ: queues (user ops)');
  });

  it('show the work of what is up, and why something is down', () => {
    const down: ServiceStatus = { name: 'redis', kind: 'server', state: 'down', address: 'a', detail: 'exited' };
    expect(statusRows([up('rabbitmq'), down], new Map([['rabbitmq', 'primary 0']]))).toEqual([
      ['rabbitmq', 'up', 'http://127.0.0.1:1', 'primary 0'],
      ['redis', 'down', 'a', 'exited'],
    ]);
  });

  it('show why an app that is up is not ready, before its work', () => {
    const notReady: ServiceStatus = { ...up('consumer-1'), detail: 'not ready: mongodb' };
    expect(statusRows([notReady, { ...notReady, name: 'api' }], new Map([['api', '5 rows behind']]))).toEqual([
      ['consumer-1', 'up', 'http://127.0.0.1:1', 'not ready: mongodb'],
      ['api', 'up', 'http://127.0.0.1:1', 'not ready: mongodb; 5 rows behind'],
    ]);
  });

  it('show processes that were started elsewhere, and since when nothing was heard of one', () => {
    const process: KnownProcess = {
      ...{ pipeline: 'orders', role: 'consumer', worker: 'consumer-7@far', host: 'far' },
      ...{ startedAt: '2026-01-02T03:04:05Z', seenAt: '2026-01-02T04:00:00Z' },
      ...{ isSilent: false, state: { why: null, counts: {} } },
    };
    expect(elsewhereRows([process, { ...process, isSilent: true }])).toEqual([
      ['consumer-7@far', 'up', 'on far', 'started at 2026-01-02T03:04:05Z'],
      ['consumer-7@far', 'down', 'on far', 'nothing was heard of it since 2026-01-02T04:00:00Z'],
    ]);
    const why = 'the broker is away';
    expect(elsewhereRows([{ ...process, state: { why, counts: {} } }])[0]?.at(-1)).toBe(`not ready: ${why}`);
  });

  it('show which of several APIs of a system holds its run, as far as its cursor says so', () => {
    const api = (port: number, holds?: string): KnownProcess => ({
      ...{ pipeline: 'orders', role: 'api', worker: `api-system-1@far:${port}`, host: 'far' },
      ...{ startedAt: '2026-01-02T03:04:05Z', seenAt: '2026-01-02T04:00:00Z', isSilent: false },
      state: { why: null, counts: {}, ...(holds === undefined ? {} : { holds }) },
    });
    const runs = new Set(['run-2']);
    expect(elsewhereRows([api(8001, 'run-1'), api(8011, 'run-2')], runs).map((row) => row.at(-1))).toEqual([
      'started at 2026-01-02T03:04:05Z',
      'holds the run; started at 2026-01-02T03:04:05Z',
    ]);
    const declared = new Map([
      ['api-system-1', api(8001, 'run-2')],
      ['api-system-2', api(8002)],
    ]);
    expect(withHolders(new Map([['api-system-1', '5 rows behind']]), { declared, runs })).toEqual(
      new Map([['api-system-1', '5 rows behind; holds the run']]),
    );
  });

  it('cut a long reason, and show it in one line', () => {
    const detail = `not ready: 503 Can't be used:\n${'rabbitmq (connect ECONNREFUSED 127.0.0.1:5672), '.repeat(9)}`;
    const shown = statusRows([{ ...up('console'), detail }], new Map())[0]?.at(-1);
    expect(shown).toBe("not ready: 503 Can't be used: rabbitmq (connect ECONNREFUSE…");
  });

  it('tell which parts ran before everything was stopped for a clear', () => {
    expect(partsOf(settings, [up('api-system-2'), up('redis')])).toEqual(['system-2']);
    expect(partsOf(settings, [up('api-system-1'), up('api-system-2'), up('consumer-2')])).toEqual([
      'system-1',
      'system-2',
      'queue',
    ]);
  });
});

it('takes YES=1 as yes, and YES=0 or nothing as no', () => {
  expect(['1', 'yes', 'true'].map(isOn)).toEqual([true, true, true]);
  expect([undefined, '', '0', 'no', 'false'].map(isOn)).toEqual([false, false, false, false, false]);
});
