import { describe, expect, it } from 'vitest';

import { ApiError, type IProjects, type IShelves, ShelfApi } from '../src/api';
import { labelOf } from '../src/shelf/nodes';
import { ShelfTree } from '../src/shelf/tree';
import { asked, type IAsked, settled } from './later';

const shelf = (id: string): IShelves['shelves'][number] => ({
  id,
  url: `file:///${id}`,
  name: id,
  state: 'ok',
  error: null
});

const projects = (...names: string[]): IProjects => ({
  total: names.length,
  offset: 0,
  projects: names.map(project => ({
    project,
    summary: '',
    default: '1',
    latest: '1',
    versions: 1,
    modules: []
  }))
});

/** A server that answers projects when the test says so, and all else at once. */
class FakeApi extends ShelfApi {
  ids = ['s'];
  failing = false;
  searches: IAsked<IProjects>[] = [];

  constructor() {
    super(undefined as never);
  }

  override shelves(): Promise<IShelves> {
    if (this.failing) {
      return Promise.reject(
        new ApiError(503, {
          name: 'Unreachable',
          message: 'The shelf does not answer; try again.',
          ask: null,
          retry: true
        })
      );
    }
    return Promise.resolve({ shelves: this.ids.map(shelf), origin: 'test' });
  }

  override projects(
    _: string,
    q: string,
    options: { signal?: AbortSignal }
  ): Promise<IProjects> {
    const search = asked<IProjects>(q, options.signal ?? AbortSignal.any([]));
    this.searches.push(search);
    return search.promise;
  }

  override project(
    _: string,
    project: string
  ): ReturnType<ShelfApi['project']> {
    return Promise.resolve({
      project,
      summary: '',
      default: '1',
      latest: '2',
      versions: ['2', '1'].map(version => ({
        version,
        default: version === '1',
        yanked: null,
        blocked: null
      })),
      modules: []
    });
  }
}

const show = (tree: ShelfTree): string[] =>
  tree.rows.map(
    row => '  '.repeat(row.level) + (row.node ? labelOf(row.node) : row.kind)
  );

const idOf = (tree: ShelfTree, index: number): string => tree.rows[index].key;

async function started(
  ...names: string[]
): Promise<{ tree: ShelfTree; api: FakeApi }> {
  const api = new FakeApi();
  const tree = new ShelfTree(api);
  await tree.load();
  tree.look(0, 0);
  api.searches[0].resolve(projects(...names));
  await settled();
  return { tree, api };
}

describe('the tree', () => {
  it('has the projects outermost where there is one shelf', async () => {
    const { tree } = await started('numpy', 'pandas');
    expect(show(tree)).toEqual(['numpy', 'pandas']);
  });

  it('has each shelf as a root where there are several', async () => {
    const api = new FakeApi();
    api.ids = ['team', 'org'];
    const tree = new ShelfTree(api);
    await tree.load();
    tree.look(0, 0);
    await settled();
    expect(show(tree)).toEqual(['team', '  loading', 'org', '  loading']);
    tree.look(0, 3);
    api.searches[1].resolve(projects('numpy'));
    await settled();
    expect(show(tree)).toEqual(['team', '  loading', 'org', '  numpy']);
  });

  it('loads what is below a node when it is looked at', async () => {
    const { tree } = await started('numpy');
    tree.setExpanded(idOf(tree, 0), true);
    expect(show(tree)).toEqual(['numpy', '  loading']);
    tree.look(0, 1);
    await settled();
    expect(show(tree)).toEqual(['numpy', '  2', '  1']);
  });

  it('keeps what is expanded while a filter hides it', async () => {
    const { tree, api } = await started('numpy', 'pandas');
    tree.setExpanded(idOf(tree, 0), true);
    tree.look(0, 1);
    await settled();
    tree.setFilter('pandas');
    api.searches.at(-1)?.resolve(projects('pandas'));
    await settled();
    expect(show(tree)).toEqual(['pandas']);
    tree.setFilter('');
    api.searches.at(-1)?.resolve(projects('numpy', 'pandas'));
    await settled();
    expect(show(tree)).toEqual(['numpy', '  2', '  1', 'pandas']);
  });

  it('brings back after a reload what was expanded', async () => {
    const { tree } = await started('numpy');
    tree.setExpanded(idOf(tree, 0), true);
    const api = new FakeApi();
    const again = new ShelfTree(api);
    again.restoreExpanded(tree.expanded);
    await again.load();
    again.look(0, 0);
    api.searches[0].resolve(projects('numpy'));
    await settled();
    again.look(0, 1);
    await settled();
    expect(show(again)).toEqual(['numpy', '  2', '  1']);
  });

  it('shows the old rows until the filter is answered, and the last filter wins', async () => {
    const { tree, api } = await started('numpy', 'pandas');
    tree.setFilter('p');
    tree.setFilter('pa');
    expect(show(tree)).toEqual(['numpy', 'pandas']);
    expect(tree.filtering).toBe(true);
    const [, first, last] = api.searches;
    expect(first.signal.aborted).toBe(true);
    last.resolve(projects('pandas'));
    first.resolve(projects('numpy', 'pandas'));
    await settled();
    expect(show(tree)).toEqual(['pandas']);
    expect(tree.filtering).toBe(false);
  });

  it('says that nothing matches', async () => {
    const { tree, api } = await started('numpy');
    tree.setFilter('zzz');
    api.searches.at(-1)?.resolve(projects());
    await settled();
    expect(show(tree)).toEqual(['empty']);
  });

  it('keeps its rows, and asks again, when the shelf changed', async () => {
    const { tree, api } = await started('numpy');
    tree.refresh('another');
    tree.look(0, 0);
    expect(api.searches).toHaveLength(1);
    tree.refresh('s');
    tree.look(0, 0);
    expect(show(tree)).toEqual(['numpy']);
    api.searches.at(-1)?.resolve(projects('numpy', 'scipy'));
    await settled();
    expect(show(tree)).toEqual(['numpy', 'scipy']);
  });

  it('has a problem in place of rows, and rows after it is loaded again', async () => {
    const api = new FakeApi();
    api.failing = true;
    const tree = new ShelfTree(api);
    await tree.load();
    expect(tree.problem?.message).toContain('does not answer');
    api.failing = false;
    await tree.load();
    expect(tree.problem).toBeNull();
    expect(show(tree)).toEqual(['loading']);
  });

  it('says of a project that went away while it was open, and of no other', async () => {
    const { tree, api } = await started('numpy', 'pandas');
    api.project = () =>
      Promise.reject(
        new ApiError(404, {
          name: 'ProjectMissing',
          message: 'There is no numpy on this shelf.',
          ask: null,
          retry: false
        })
      );
    tree.setExpanded(idOf(tree, 0), true);
    tree.look(0, 1);
    await settled();
    expect(show(tree)).toEqual(['numpy', '  problem', 'pandas']);
    expect(tree.rows[1].problem?.message).toContain('no numpy');
  });
});
