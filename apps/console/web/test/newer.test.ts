import { describe, expect, it } from 'vitest';
import { newerOf } from '../src/list/newer.ts';

describe('what is newer than a list shows', () => {
  it('stands before the first row that is shown', () => {
    expect(newerOf(['5', '4', '3', '2'], ['3', '2', '1'], true)).toEqual({ count: 2, isMore: false });
    expect(newerOf(['3', '2', '1'], ['3', '2', '1'], false)).toEqual({ count: 0, isMore: false });
  });

  it('is counted from the first that is left, where the newest of the shown are gone', () => {
    expect(newerOf(['4', '1'], ['3', '2', '1'], false)).toEqual({ count: 1, isMore: false });
  });

  it('is at least a page where nothing of it is shown', () => {
    expect(newerOf(['9', '8'], ['3', '2'], true)).toEqual({ count: 2, isMore: true });
    expect(newerOf(['1'], [], false)).toEqual({ count: 1, isMore: false });
  });

  it('is nothing where the list has grown by itself since', () => {
    expect(newerOf(['3', '2'], ['4', '3', '2'], false)).toEqual({ count: 0, isMore: false });
  });
});
