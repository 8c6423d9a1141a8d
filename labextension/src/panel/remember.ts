import type { IStateDB } from '@jupyterlab/statedb';
import { Debouncer } from '@lumino/polling';
import type { AccordionPanel } from '@lumino/widgets';

import type { IShelfView } from '../shelf/section';
import type { ShelfTree } from '../shelf/tree';

const KEY = 'cloudshelf:panel';
const SECTIONS = 'cloudshelf:sections';

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

/**
 * Bring back how large the sections were and which were closed, and keep it from now on.
 *
 * Lab keeps both with its layout, but a panel that is not yet in view when that is restored does not get its sizes back.
 */
export async function rememberSections(
  content: AccordionPanel,
  state: IStateDB | null,
  restored: Promise<unknown>
): Promise<void> {
  if (!state) {
    return;
  }
  await Promise.all([restored, inView(content.node)]);
  const saved = (await state.fetch(SECTIONS)) as
    { sizes?: number[]; open?: boolean[] } | undefined;
  saved?.open?.forEach((open, index) => {
    if (open) {
      content.expand(index);
    } else {
      content.collapse(index);
    }
  });
  if (saved?.sizes?.length === content.widgets.length) {
    content.setRelativeSizes(saved.sizes);
  }
  const save = new Debouncer(() => {
    const open = content.widgets.map(widget => !widget.isHidden);
    return state.save(SECTIONS, { sizes: content.relativeSizes(), open });
  }, SAVE_AFTER);
  const changed = (): void => {
    void save.invoke();
  };
  content.handleMoved.connect(changed);
  content.expansionToggled.connect(changed);
}

function inView(node: HTMLElement): Promise<void> {
  return new Promise(resolve => {
    const observer = new ResizeObserver(() => {
      if (node.offsetHeight > 0) {
        observer.disconnect();
        resolve();
      }
    });
    observer.observe(node);
  });
}
