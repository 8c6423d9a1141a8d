import { describe, expect, it } from 'vitest';

import { ApiError } from '../src/api';
import { PagedList } from '../src/shelf/paged';
import { asked, type IAsked, settled } from './later';

/** A list of which every page waits for the test to answer it. */
function list(size = 10): {
  list: PagedList<string>;
  pages: IAsked<{ total: number; items: string[] }>[];
} {
  const pages: IAsked<{ total: number; items: string[] }>[] = [];
  return {
    list: new PagedList<string>((offset, _limit, signal) => {
      const page = asked<{ total: number; items: string[] }>(offset, signal);
      pages.push(page);
      return page.promise;
    }, size),
    pages
  };
}

const page = (offset: number, total = 25, size = 10) => ({
  total,
  items: Array.from(
    { length: Math.max(0, Math.min(size, total - offset)) },
    (_, index) => `row ${offset + index}`
  )
});

const gone = new ApiError(503, {
  name: 'Unreachable',
  message: 'The shelf does not answer; try again.',
  ask: null,
  retry: true
});

describe('a paged list', () => {
  it('asks for the pages that are looked at, each once', () => {
    const { list: rows, pages } = list();
    rows.look(0, 0);
    rows.look(0, 9);
    rows.look(8, 12);
    expect(pages.map(each => each.key)).toEqual([0, 10]);
  });

  it('knows its length from the first page, and rows by their place in whatever order pages come', async () => {
    const { list: rows, pages } = list();
    rows.look(0, 24);
    pages[2].resolve(page(20));
    pages[0].resolve(page(0));
    await settled();
    expect(rows.total).toBe(25);
    expect(rows.at(3)).toBe('row 3');
    expect(rows.at(13)).toBeUndefined();
    expect(rows.at(24)).toBe('row 24');
  });

  it('says where a page failed, does not ask again by itself, and does on retry', async () => {
    const { list: rows, pages } = list();
    rows.look(0, 0);
    pages[0].reject(gone);
    await settled();
    expect(rows.problemAt(0)?.message).toContain('does not answer');
    rows.look(0, 9);
    expect(pages).toHaveLength(1);
    rows.retry();
    rows.look(0, 9);
    pages[1].resolve(page(0));
    await settled();
    expect(rows.problemAt(0)).toBeUndefined();
    expect(rows.at(0)).toBe('row 0');
  });

  it('shows what it had while it is refreshed', async () => {
    const { list: rows, pages } = list();
    rows.look(0, 0);
    pages[0].resolve(page(0));
    await settled();
    rows.refresh();
    expect(rows.at(0)).toBe('row 0');
    rows.look(0, 0);
    pages[1].resolve({ total: 1, items: ['new'] });
    await settled();
    expect(rows.at(0)).toBe('new');
    expect(rows.total).toBe(1);
  });

  it('drops the answer to a question that was asked before a refresh', async () => {
    const { list: rows, pages } = list();
    rows.look(0, 0);
    rows.refresh();
    rows.look(0, 0);
    expect(pages[0].signal.aborted).toBe(true);
    pages[1].resolve({ total: 1, items: ['new'] });
    pages[0].resolve({ total: 1, items: ['old'] });
    await settled();
    expect(rows.at(0)).toBe('new');
  });

  it('asks again for other pages when the length changed, since their rows have moved', async () => {
    const { list: rows, pages } = list();
    rows.look(0, 19);
    pages[0].resolve(page(0, 25));
    pages[1].resolve(page(10, 26));
    await settled();
    rows.look(0, 19);
    expect(pages.map(each => each.key)).toEqual([0, 10, 0]);
  });

  it('gives up what is under way when it is disposed', () => {
    const { list: rows, pages } = list();
    rows.look(0, 0);
    rows.dispose();
    expect(pages[0].signal.aborted).toBe(true);
  });

  it('keeps a bounded number of pages of a list that is scrolled through', async () => {
    const { list: rows, pages } = list();
    for (let index = 0; index < 1000; index += 10) {
      rows.look(index, index);
      pages.at(-1)?.resolve(page(index, 1000));
      await settled();
    }
    expect(rows.at(0)).toBeUndefined();
    expect(rows.at(995)).toBe('row 995');
    rows.look(0, 0);
    expect(pages.at(-1)?.key).toBe(0);
  });
});
