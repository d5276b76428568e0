// @vitest-environment happy-dom
import { useInfiniteQuery } from '@tanstack/react-query';
import { createElement as element } from 'react';
import { patient } from '@esteira/tests/patience';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FilterForm } from '../src/list/FilterForm.tsx';
import { PagedTable } from '../src/list/PagedTable.tsx';
import { pageByPage, type ListPage } from '../src/list/list-page.ts';
import { columnsOfLetters } from '../src/pages/dead-letters/letter-columns.tsx';
import { TickedLetters, useSelection } from '../src/pages/dead-letters/useSelection.ts';
import { fieldsFor } from '../src/pages/orders/messages/fields.ts';
import { messagesSearch } from '../src/pages/orders/messages/search.ts';
import { columnsOf } from '../src/table/columns.ts';
import { DataTable } from '../src/table/DataTable.tsx';
import { drawing, the } from './draw.ts';

let [draw, end] = [(): void => undefined, (): void => undefined] as ReturnType<typeof drawing>;
beforeEach(() => {
  [draw, end] = drawing();
});
afterEach(() => {
  end();
});

const text = () => document.body.textContent;

const words = { message: 'parcel', origin: 'Depot', key: 'Number' };
const letterColumns = columnsOfLetters({ lanes: ['primary'], words });

describe('what a list is narrowed by', () => {
  it('is empty after a reset, also where the address held nothing', async () => {
    draw(
      element(FilterForm<{ words: string | undefined }>, {
        label: 'Search',
        fields: fieldsFor([]).filter((field) => field.name === 'words') as never,
        schema: messagesSearch as never,
        values: { words: undefined },
        onFilled: vi.fn(),
      }),
    );
    const typed = await vi.waitFor(() => the('input[name=words]'), patient);
    typed.setAttribute('value', 'jam');
    the('button[type=button]').click();
    await vi.waitFor(() => {
      expect(the('input[name=words]').value).toBe('');
    }, patient);
  });

  it.each(['system-2', 'a-system-that-is-gone'])('stays %s when the systems arrive', async (system) => {
    const onFilled = vi.fn();
    const form = (systems: readonly string[]) =>
      element(FilterForm<{ system: string | undefined; words: string | undefined }>, {
        label: 'Search',
        fields: fieldsFor(systems).filter((field) => field.name === 'system' || field.name === 'words') as never,
        schema: messagesSearch as never,
        values: { system, words: 'jam' },
        onFilled,
      });
    draw(form([]));
    await vi.waitFor(() => {
      expect(the('select').value).toBe(system);
    }, patient);
    draw(form(['system-1', 'system-2']));
    await vi.waitFor(() => {
      expect(text()).toContain('system-1');
    }, patient);
    expect(the('select').value).toBe(system);
    the('button[type=submit]').click();
    expect(onFilled).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ system, words: 'jam' }));
  });
});

const letters = ['1', '2', '3'].map((id) => ({
  message_id: id,
  origin: 'system-1',
  key: id,
  state: 'dead' as const,
  reason: 'invalid' as const,
  error: { code: 'not-verified', message: 'not verified' },
  attempts: 1,
  round: 1,
  dead_at: '2026-05-20T08:00:07.000Z',
}));

function Letters() {
  const selection = useSelection('all');
  const rowId = ({ message_id: id }: { message_id: string }) => id;
  const table = element(DataTable, { label: 'Letters', columns: letterColumns, rows: letters, rowId } as never);
  return element(TickedLetters, { value: selection }, table);
}

describe('the list of dead letters', () => {
  it('is ticked row by row with the keyboard', async () => {
    draw(element(Letters));
    await vi.waitFor(() => the('[data-row-link]'), patient);
    const ticked = () => [...document.querySelectorAll('input:checked')].map((box) => box.getAttribute('aria-label'));
    const press = (key: string) =>
      (document.activeElement ?? document.body).dispatchEvent(
        new KeyboardEvent('keydown', { key, code: `Key${key.toUpperCase()}`, bubbles: true }),
      );
    for (const count of [1, 2, 3]) {
      press('j');
      const link = document.activeElement;
      press('x');
      await vi.waitFor(() => {
        expect(ticked()).toHaveLength(count);
      }, patient);
      expect(document.activeElement).toBe(link);
    }
    expect(ticked()).toEqual(['Select system-1 1', 'Select system-1 2', 'Select system-1 3']);
  });
});

interface Row {
  readonly name: string;
}

/** A list whose pages are these, as many as are asked for. */
const listOf = (pages: readonly string[][]) =>
  function List() {
    const query = useInfiniteQuery({
      queryKey: ['list'],
      queryFn: ({ pageParam = '0' }): Promise<ListPage<Row>> => {
        const items = (pages[Number(pageParam)] ?? []).map((name) => ({ name }));
        return Promise.resolve({
          items,
          next_cursor: Number(pageParam) + 1 < pages.length ? `${Number(pageParam) + 1}` : null,
        });
      },
      ...pageByPage,
    });
    const columns = columnsOf<Row>().columns([columnsOf<Row>().accessor('name', { header: 'Name' })]);
    return element(PagedTable<Row, ListPage<Row>>, {
      label: 'List',
      query,
      columns: columns as never,
      rowId: ({ name }) => name,
      empty: 'No row is like that',
    });
  };

describe('a list whose page is empty', () => {
  it('goes on to the rows that come later', async () => {
    draw(element(listOf([[], [], ['late']])));
    await vi.waitFor(() => {
      expect(text()).toContain('late');
    }, patient);
    expect(text()).not.toContain('No row is like that');
  });

  it('asks after a while whether to go on, and does', async () => {
    draw(element(listOf([...Array.from({ length: 6 }, () => []), ['late']])));
    await vi.waitFor(() => {
      expect(text()).toContain('Nothing so far in 5 parts of what is searched, and it goes on.');
    }, patient);
    expect(text()).not.toContain('No row is like that');
    the('[role=status] button').click();
    await vi.waitFor(() => {
      expect(text()).toContain('late');
    }, patient);
  });

  it('has no rows only where it is the last one', async () => {
    draw(element(listOf([[], []])));
    await vi.waitFor(() => {
      expect(text()).toContain('No row is like that');
    }, patient);
  });
});
