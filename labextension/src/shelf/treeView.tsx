import React from 'react';

import { actionOf, findTyped } from './keyboard';
import { positionsOf, scrollTo, windowOf } from './layout';
import { type IRowHandlers, RowView } from './rowView';
import { type IRow, isStandIn } from './rows';

export interface ITreeViewProps extends Omit<IRowHandlers, 'onFocus'> {
  label: string;
  rows: readonly IRow[];
  /** Loads what is looked at. */
  look: (from: number, to: number) => void;
  /** The row with the focus, by its key; it stays while rows around it change. */
  active: string | null;
  setActive: (key: string) => void;
  setExpanded: (row: IRow, expanded: boolean) => void;
  /** Rows are of an earlier question. */
  busy: boolean;
  treeRef: React.RefObject<HTMLDivElement>;
}

/** Letters typed within this many milliseconds are one word. */
const TYPING = 700;

/**
 * A tree of which only the rows in view are in the page, however many there are.
 *
 * Lab's TreeView has every row as an element with a shadow tree, which 10,000 projects are too many for. The focus stays on the tree, and
 * aria-activedescendant names the active row: so it is not lost when that row is scrolled out of the page.
 */
export function TreeView(props: ITreeViewProps): React.JSX.Element {
  const { rows, active, treeRef } = props;
  const [view, setView] = React.useState({ top: 0, height: 600 });
  const typed = React.useRef({ text: '', at: 0 });

  const positions = React.useMemo(() => positionsOf(rows), [rows]);
  const activeIndex = React.useMemo(
    () => rows.findIndex(row => row.key === active),
    [rows, active]
  );
  const activeRow = activeIndex < 0 ? undefined : rows.at(activeIndex);
  const [from, to] = windowOf(positions, view.top, view.height);

  React.useEffect(() => {
    props.look(from, to);
  });

  // Who went on to a row that was still loading is on what came in its place.
  const lastActive = React.useRef(-1);
  React.useEffect(() => {
    const came = rows.at(lastActive.current);
    if (activeIndex >= 0) {
      lastActive.current = activeIndex;
    } else if (active !== null && isStandIn(active) && came) {
      props.setActive(came.key);
    }
  });

  React.useLayoutEffect(() => {
    const tree = treeRef.current;
    if (!tree) {
      return;
    }
    const measure = (): void => {
      setView({ top: tree.scrollTop, height: tree.clientHeight });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(tree);
    return () => observer.disconnect();
  }, [treeRef]);

  const moveTo = (index: number): void => {
    const row = rows.at(index);
    const tree = treeRef.current;
    if (row && tree && index >= 0) {
      props.setActive(row.key);
      const { scrollTop, clientHeight } = tree;
      tree.scrollTop = scrollTo(positions, index, scrollTop, clientHeight);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLDivElement>): void => {
    const row = activeRow;
    if (event.target !== event.currentTarget) {
      leaveButton(event, treeRef.current);
      return;
    }
    if (
      event.key === 'ContextMenu' ||
      (event.shiftKey && event.key === 'F10')
    ) {
      const at = treeRef.current?.querySelector('[data-active]');
      if (row?.node && at) {
        const { left, bottom } = at.getBoundingClientRect();
        props.onMenu(row, left + 16, bottom);
      }
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const action = actionOf(event.key, rows, activeIndex);
    if (action?.do === 'move') {
      moveTo(action.to);
    } else if (action && row) {
      if (action.do === 'activate') {
        props.onActivate(row);
      } else {
        props.setExpanded(row, action.do === 'expand');
      }
    } else if (event.key.length === 1) {
      const now = Date.now();
      const earlier = now - typed.current.at < TYPING ? typed.current.text : '';
      typed.current = { text: earlier + event.key, at: now };
      moveTo(findTyped(typed.current.text, rows, activeIndex));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const drawn = rows.slice(from, to + 1).map((row, offset) => ({
    row,
    index: from + offset
  }));
  if (activeRow && (activeIndex < from || activeIndex > to)) {
    drawn.push({ row: activeRow, index: activeIndex });
  }

  return (
    <div
      className="cloudshelf-Tree"
      role="tree"
      ref={treeRef}
      tabIndex={0}
      aria-label={props.label}
      aria-busy={props.busy}
      aria-activedescendant={activeRow && domId(activeIndex)}
      onKeyDown={onKeyDown}
      onFocus={event => {
        // From a row that had the focus first, the row is the active one.
        const within = event.currentTarget.contains(event.relatedTarget);
        if (activeIndex < 0 && !within) {
          moveTo(0);
        }
      }}
      onScroll={event => {
        const { scrollTop: top, clientHeight: height } = event.currentTarget;
        setView({ top, height });
      }}
    >
      <div
        role="none"
        className="cloudshelf-Tree-rows"
        style={{ height: positions[rows.length] }}
      >
        {drawn.map(({ row, index }) => (
          <RowView
            {...props}
            onFocus={() => {
              props.setActive(row.key);
              treeRef.current?.focus({ preventScroll: true });
            }}
            key={row.key}
            row={row}
            id={domId(index)}
            top={positions[index]}
            height={positions[index + 1] - positions[index]}
            isActive={index === activeIndex}
          />
        ))}
      </div>
    </div>
  );
}

function domId(index: number): string {
  return `cloudshelf-row-${index}`;
}

/** Escape goes from a row's button back to the tree; other keys are the button's. */
function leaveButton(
  event: React.KeyboardEvent,
  tree: HTMLDivElement | null
): void {
  if (event.key === 'Escape') {
    tree?.focus();
    event.preventDefault();
  }
}
