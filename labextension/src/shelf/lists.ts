import type { ShelfApi } from '../api';
import { PagedList } from './paged';
import type { ShelfNode } from './nodes';

/** One answer has all of them. */
const ALL = Number.MAX_SAFE_INTEGER;

/** The list of what is directly below a node, not loaded yet. */
export function childrenOf(
  api: ShelfApi,
  node: ShelfNode
): PagedList<ShelfNode> {
  switch (node.kind) {
    case 'shelf':
      return projectsOf(api, node.shelf, '');
    case 'project':
      return versionsOf(api, node.shelf, node.project);
    case 'version':
      return entriesOf(api, node.shelf, node.project, node.version, '');
    case 'entry':
      return entriesOf(api, node.shelf, node.project, node.version, node.path);
  }
}

/** The projects of a shelf that match `q`; all of them where that is empty. */
export function projectsOf(
  api: ShelfApi,
  shelf: string,
  q: string
): PagedList<ShelfNode> {
  return new PagedList<ShelfNode>(async (offset, limit, signal) => {
    const page = await api.projects(shelf, q, { offset, limit, signal });
    const items = page.projects.map(
      row => ({ kind: 'project', shelf, project: row.project, row }) as const
    );
    return { total: page.total, items };
  });
}

function versionsOf(
  api: ShelfApi,
  shelf: string,
  project: string
): PagedList<ShelfNode> {
  return new PagedList<ShelfNode>(async (_offset, _limit, signal) => {
    const { versions } = await api.project(shelf, project, { signal });
    const items = versions.map(
      row =>
        ({
          kind: 'version',
          shelf,
          project,
          version: row.version,
          row
        }) as const
    );
    return { total: items.length, items };
  }, ALL);
}

function entriesOf(
  api: ShelfApi,
  shelf: string,
  project: string,
  version: string,
  path: string
): PagedList<ShelfNode> {
  return new PagedList<ShelfNode>(async (offset, limit, signal) => {
    const page = await api.files(shelf, project, version, path, {
      offset,
      limit,
      signal
    });
    const items = page.entries.map(
      row =>
        ({
          kind: 'entry',
          shelf,
          project,
          version,
          path: row.path,
          row
        }) as const
    );
    return { total: page.total, items };
  }, 200);
}
