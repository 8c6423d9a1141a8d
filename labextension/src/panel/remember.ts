import type { IStateDB } from '@jupyterlab/statedb';
import { Debouncer } from '@lumino/polling';

import type { IShelfView } from '../shelf/section';
import type { ShelfTree } from '../shelf/tree';

const KEY = 'cloudshelf:panel';

/** What is written as somebody goes through the tree; the last of several within this many milliseconds. */
const SAVE_AFTER = 500;

/** Bring back what was expanded, the filter and the active row, and keep them from now on; without a database they last as long as the page. */
export async function rememberView(
  tree: ShelfTree,
  view: IShelfView,
  state: IStateDB | null
): Promise<void> {
  if (!state) {
    return;
  }
  const saved = (await state.fetch(KEY)) as
    | { expanded?: string[]; filter?: string; active?: string | null }
    | undefined;
  if (saved) {
    tree.restoreExpanded(saved.expanded ?? []);
    tree.setFilter(saved.filter ?? '');
    view.active = saved.active ?? null;
  }
  const save = new Debouncer(() => {
    const { expanded, filter } = tree;
    return state.save(KEY, { expanded, filter, active: view.active });
  }, SAVE_AFTER);
  tree.changed.connect(() => {
    void save.invoke();
  });
}
