import type { IShownProblem } from '../api';
import { isFolder, nodeId, type ShelfNode } from './nodes';
import type { PagedList } from './paged';

/** A line of the tree as it is shown: a node, or what stands where nodes will be or should have been. */
export interface IRow {
  /** Stays when rows around it come and go. */
  key: string;
  kind: 'node' | 'loading' | 'problem' | 'empty';
  node: ShelfNode | null;
  problem: IShownProblem | null;
  /** 0 is the outermost. */
  level: number;
  index: number;
  siblings: number;
  /** Undefined where there is nothing to expand. */
  expanded: boolean | undefined;
  /** The row that it is below; -1 for the outermost. */
  parent: number;
  list: PagedList<ShelfNode>;
}

/** Whether a key is that of a row which stands where a node will be. */
export function isStandIn(key: string): boolean {
  return !key.endsWith(']'); // a node's key is a JSON list
}

/** What a flattened tree needs to know of its branches. */
export interface IBranches {
  isExpanded(id: string): boolean;
  listOf(node: ShelfNode): PagedList<ShelfNode>;
}

/** The rows of a list and of everything expanded in it, added to `rows`. */
export function addRows(
  rows: IRow[],
  branches: IBranches,
  list: PagedList<ShelfNode>,
  level: number,
  parent: number,
  parentKey: string
): void {
  const common = { level, parent, list, expanded: undefined, problem: null };
  const total = list.total;
  if (total === null || total === 0) {
    const problem = list.problemAt(0) ?? null;
    const kind = problem ? 'problem' : total === 0 ? 'empty' : 'loading';
    const key = `${parentKey} ${kind}`;
    rows.push({
      ...common,
      key,
      kind,
      node: null,
      problem,
      index: 0,
      siblings: 1
    });
    return;
  }
  for (let index = 0; index < total; index++) {
    const problem = list.problemAt(index) ?? null;
    const node = problem ? null : (list.at(index) ?? null);
    const here = { ...common, index, siblings: total };
    if (!node) {
      const kind = problem ? 'problem' : 'loading';
      const key = `${parentKey} ${index}`;
      rows.push({ ...here, key, kind, node, problem });
      continue;
    }
    const key = nodeId(node);
    const expanded = isFolder(node) ? branches.isExpanded(key) : undefined;
    rows.push({ ...here, key, kind: 'node', node, expanded });
    if (expanded) {
      const below = branches.listOf(node);
      addRows(rows, branches, below, level + 1, rows.length - 1, key);
    }
  }
}
