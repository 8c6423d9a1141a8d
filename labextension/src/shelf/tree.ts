import { type ISignal, Signal } from '@lumino/signaling';

import {
  type IShelves,
  type IShownProblem,
  isAborted,
  problemOf,
  type ShelfApi
} from '../api';
import { childrenOf, projectsOf } from './lists';
import { nodeId, type ShelfNode } from './nodes';
import { PagedList } from './paged';
import { addRows, type IRow } from './rows';

/** The projects of one shelf as filtered, and those that the next filter asks for until they answer. */
interface IRoot {
  node: Extract<ShelfNode, { kind: 'shelf' }>;
  shown: PagedList<ShelfNode>;
  next: PagedList<ShelfNode> | null;
}

/**
 * Shelves → projects → versions → files, loaded as far as they are looked at.
 *
 * What is expanded is kept by name, apart from the nodes: a node that a filter hides, or that is loaded again, comes back as it was.
 */
export class ShelfTree {
  constructor(private readonly _api: ShelfApi) {}

  /** Emitted when rows, shelves or the problem are others than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Null before the server answered. */
  get shelves(): IShelves | null {
    return this._shelves;
  }

  /** Why the shelves themselves are not known. */
  get problem(): IShownProblem | null {
    return this._problem;
  }

  get filter(): string {
    return this._filter;
  }

  /** Whether rows are of an earlier filter, while the answer to the present one is on its way. */
  get filtering(): boolean {
    return this._roots.some(root => root.next !== null);
  }

  get expanded(): string[] {
    return [...this._expanded];
  }

  /** Every row, of which a view shows a part. */
  get rows(): readonly IRow[] {
    this._rows ??= this._flatten();
    return this._rows;
  }

  /** Ask for the shelves, and again for what is looked at where they are the same as before. */
  async load(): Promise<void> {
    this._loading?.abort();
    const loading = (this._loading = new AbortController());
    this._problem = null;
    this._emit();
    try {
      const shelves = await this._api.shelves({ signal: loading.signal });
      if (loading === this._loading) {
        this._take(shelves);
      }
    } catch (error) {
      if (loading === this._loading && !isAborted(error)) {
        this._problem = problemOf(error);
        this._emit();
      }
    }
  }

  /** Show projects that match. The rows stay until the answer is there; an answer to an earlier filter is dropped. */
  setFilter(filter: string): void {
    if (filter === this._filter) {
      return;
    }
    this._filter = filter;
    for (const root of this._roots) {
      root.next?.dispose();
      root.next = this._watch(projectsOf(this._api, root.node.shelf, filter));
      root.next.look(0, 0);
    }
    this._emit();
  }

  setExpanded(id: string, expanded: boolean): void {
    if (expanded) {
      this._expanded.add(id);
    } else {
      this._expanded.delete(id);
    }
    this._emit();
  }

  /** What was expanded in an earlier page. */
  restoreExpanded(ids: Iterable<string>): void {
    this._expanded = new Set(ids);
    this._emit();
  }

  /** Load what these rows are not yet, or not any more. */
  look(from: number, to: number): void {
    for (const row of this.rows.slice(from, to + 1)) {
      row.list.look(row.index, row.index);
    }
  }

  /** Ask again for everything that is looked at, of one shelf or of all; what is there is shown until then. */
  refresh(shelf?: string): void {
    for (const root of this._roots) {
      if (shelf === undefined || root.node.shelf === shelf) {
        root.shown.refresh();
        root.next?.refresh();
        root.next?.look(0, 0);
      }
    }
    for (const [id, list] of this._lists) {
      if (shelf === undefined || isBelow(id, shelf)) {
        list.refresh();
      }
    }
  }

  dispose(): void {
    this._loading?.abort();
    this._drop();
    Signal.clearData(this);
  }

  private _take(shelves: IShelves): void {
    const before = this._roots.map(root => root.node.shelf).join();
    this._shelves = shelves;
    if (before && before === shelves.shelves.map(row => row.id).join()) {
      this._roots.forEach((root, index) => {
        root.node.row = shelves.shelves[index];
      });
      this.refresh();
      return;
    }
    this._drop();
    if (this._expanded.size === 0) {
      for (const row of shelves.shelves) {
        this._expanded.add(JSON.stringify([row.id]));
      }
    }
    this._roots = shelves.shelves.map(row => ({
      node: { kind: 'shelf', shelf: row.id, row },
      shown: this._watch(projectsOf(this._api, row.id, this._filter)),
      next: null
    }));
    this._emit();
  }

  private _flatten(): IRow[] {
    const rows: IRow[] = [];
    const branches = {
      isExpanded: (id: string) => this._expanded.has(id),
      listOf: (node: ShelfNode) => this._listOf(node)
    };
    const root = this._roots.at(0);
    if (root && this._roots.length === 1) {
      addRows(rows, branches, root.shown, 0, -1, root.node.shelf);
    } else if (root) {
      addRows(rows, branches, this._rootList(), 0, -1, '');
    }
    return rows;
  }

  /** Several shelves are a list of nodes as any other. */
  private _rootList(): PagedList<ShelfNode> {
    if (!this._shelfList) {
      const items = this._roots.map(root => root.node);
      const page = { total: items.length, items };
      this._shelfList = this._watch(
        new PagedList<ShelfNode>(() => Promise.resolve(page))
      );
      this._shelfList.look(0, 0);
    }
    return this._shelfList;
  }

  private _listOf(node: ShelfNode): PagedList<ShelfNode> {
    if (node.kind === 'shelf') {
      const root = this._roots.find(root => root.node.shelf === node.shelf);
      if (root) {
        return root.shown;
      }
    }
    const id = nodeId(node);
    let list = this._lists.get(id);
    if (!list) {
      list = this._watch(childrenOf(this._api, node));
      this._lists.set(id, list);
    }
    return list;
  }

  private _watch(list: PagedList<ShelfNode>): PagedList<ShelfNode> {
    list.changed.connect(this._onList, this);
    return list;
  }

  private _onList(list: PagedList<ShelfNode>): void {
    for (const root of this._roots) {
      if (root.next === list && list.answered) {
        root.shown.dispose();
        root.shown = list;
        root.next = null;
      }
    }
    this._emit();
  }

  private _drop(): void {
    for (const root of this._roots) {
      root.shown.dispose();
      root.next?.dispose();
    }
    for (const list of this._lists.values()) {
      list.dispose();
    }
    this._shelfList?.dispose();
    this._shelfList = null;
    this._roots = [];
    this._lists.clear();
  }

  private _emit(): void {
    this._rows = null;
    this._changed.emit();
  }

  private _shelves: IShelves | null = null;
  private _problem: IShownProblem | null = null;
  private _loading: AbortController | null = null;
  private _filter = '';
  private _roots: IRoot[] = [];
  private _shelfList: PagedList<ShelfNode> | null = null;
  private _lists = new Map<string, PagedList<ShelfNode>>();
  private _expanded = new Set<string>();
  private _rows: IRow[] | null = null;
  private _changed = new Signal<this, void>(this);
}

function isBelow(id: string, shelf: string): boolean {
  return (JSON.parse(id) as string[])[0] === shelf;
}
