import { describe, expect, it } from 'vitest';

import type { IShelf } from '../../src/api';
import {
  folderOf,
  formatPlace,
  parsePlace,
  shelfOf
} from '../../src/drive/place';

const shelf = (id: string, name: string): IShelf => ({
  id,
  name,
  url: `s3://${id}`,
  state: 'ok',
  error: null
});

describe('a path of the drive', () => {
  it.each([
    ['', '', '', '', ''],
    ['/', '', '', '', ''],
    ['team', 'team', '', '', ''],
    ['team/pandas', 'team', 'pandas', '', ''],
    ['team/pandas/2.2.3', 'team', 'pandas', '2.2.3', ''],
    [
      'team/torch/2.1.2+cpu/a/b c/é#?%.py',
      'team',
      'torch',
      '2.1.2+cpu',
      'a/b c/é#?%.py'
    ],
    ['/team//pandas/1!2.0/x/', 'team', 'pandas', '1!2.0', 'x']
  ])('%s', (local, name, project, version, path) => {
    const place = parsePlace(local);
    expect(place).toEqual({ shelf: name, project, version, path });
    expect(parsePlace(formatPlace(place))).toEqual(place);
  });
});

describe('a shelf is called by its name where that is enough', () => {
  const plain = shelf('a1', 'team');
  const twins = [shelf('b1', 'our'), shelf('b2', 'our')];
  const odd = [
    shelf('c1', 'with/slash'),
    shelf('c2', 'with:colon'),
    shelf('c3', '..'),
    shelf('c4', '')
  ];
  const confusing = shelf('d1', 'a1'); // called as another one's id
  const all = [plain, ...twins, ...odd, confusing];

  it.each(all.map(each => [each.name, each.id, each] as const))(
    '"%s" (%s)',
    (_name, id, each) => {
      expect(folderOf(each, all)).toBe(each === plain ? 'team' : id);
      expect(shelfOf(folderOf(each, all), all)).toBe(each);
      expect(shelfOf(id, all)).toBe(each);
    }
  );

  it('is not found by another name', () => {
    expect(shelfOf('our', all)).toBeUndefined();
    expect(shelfOf('nowhere', all)).toBeUndefined();
  });
});
