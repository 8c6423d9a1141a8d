import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  caretDownIcon,
  caretRightIcon,
  ellipsesIcon,
  fileIcon,
  folderIcon,
  type LabIcon,
  lockIcon
} from '@jupyterlab/ui-components';
import React from 'react';

import { startDrag } from '../cells/drag';
import { Problem } from '../panel/problem';
import { formatBytes } from '../panel/format';
import { shelfIcon } from '../icons';
import { argsOf, labelOf, type ShelfNode } from './nodes';
import type { IRow } from './rows';

/** What happens to rows. */
export interface IRowHandlers {
  trans: TranslationBundle;
  /** A click: folders open and close. */
  onClick: (row: IRow) => void;
  /** A double click or Enter: what the node is for. */
  onActivate: (row: IRow) => void;
  /** The focus came to a row; the tree keeps it for the row. */
  onFocus: (row: IRow) => void;
  onUse: (row: IRow) => void;
  onMenu: (row: IRow, x: number, y: number) => void;
  onToggle: (row: IRow) => void;
}

export interface IRowViewProps extends IRowHandlers {
  row: IRow;
  id: string;
  top: number;
  height: number;
  isActive: boolean;
}

/** One line of the tree. */
export function RowView(props: IRowViewProps): React.JSX.Element {
  const { row, trans, isActive } = props;
  const node = row.node;
  return (
    <div
      id={props.id}
      role="treeitem"
      className="cloudshelf-Row"
      data-kind={node?.kind ?? row.kind}
      data-active={isActive || undefined}
      data-state={stateOf(row)}
      {...dataOf(node)}
      style={{ top: props.top, height: props.height }}
      aria-level={row.level + 1}
      aria-posinset={row.index + 1}
      aria-setsize={row.siblings}
      aria-expanded={row.expanded}
      aria-selected={isActive}
      tabIndex={-1}
      onMouseDown={event => {
        if (node?.kind === 'project' || node?.kind === 'version') {
          startDrag(event.nativeEvent, node);
        }
      }}
      onFocus={event => {
        if (event.target === event.currentTarget) {
          props.onFocus(row);
        }
      }}
      onClick={() => props.onClick(row)}
      onDoubleClick={() => {
        if (row.expanded === undefined) {
          props.onActivate(row);
        }
      }}
      onContextMenu={event => {
        if (node) {
          event.preventDefault();
          event.stopPropagation();
          props.onMenu(row, event.clientX, event.clientY);
        }
      }}
    >
      <span
        role="none"
        className="cloudshelf-Row-indent"
        style={{ width: row.level * 12 }}
      />
      {row.kind === 'loading' && <span className="cloudshelf-Skeleton" />}
      {row.kind === 'empty' && (
        <span className="cloudshelf-Row-note">{trans.__('Nothing here')}</span>
      )}
      {row.problem && (
        <Problem
          trans={trans}
          problem={row.problem}
          retry={() => row.list.retry()}
        />
      )}
      {node && <NodeView {...props} node={node} />}
    </div>
  );
}

function NodeView(
  props: IRowViewProps & { node: ShelfNode }
): React.JSX.Element {
  const { row, node, trans, isActive } = props;
  const stop = (event: React.MouseEvent, act: () => void): void => {
    event.stopPropagation();
    act();
  };
  const canUse = node.kind === 'project' || node.kind === 'version';
  const Caret = row.expanded ? caretDownIcon : caretRightIcon;
  const Icon = iconOf(node);
  return (
    <>
      <span
        className="cloudshelf-Row-caret"
        data-action={row.expanded === undefined ? undefined : 'toggle'}
        aria-hidden
        onClick={event => stop(event, () => props.onToggle(row))}
      >
        {row.expanded !== undefined && <Caret.react tag="span" />}
      </span>
      {Icon && <Icon.react tag="span" className="cloudshelf-Row-icon" />}
      <span className="cloudshelf-Row-label">{labelOf(node)}</span>
      <Facts node={node} trans={trans} />
      <span role="none" className="cloudshelf-Row-buttons">
        {canUse && (
          <button
            className="cloudshelf-Row-button"
            data-action="use"
            tabIndex={isActive ? 0 : -1}
            title={trans.__('Use in this notebook')}
            aria-label={trans.__('Use %1 in this notebook', labelOf(node))}
            onClick={event => stop(event, () => props.onUse(row))}
          >
            <addIcon.react tag="span" />
          </button>
        )}
        <button
          className="cloudshelf-Row-button"
          data-action="menu"
          tabIndex={isActive ? 0 : -1}
          title={trans.__('More actions')}
          aria-label={trans.__('More actions for %1', labelOf(node))}
          onClick={event => {
            const { left, bottom } =
              event.currentTarget.getBoundingClientRect();
            stop(event, () => props.onMenu(row, left, bottom));
          }}
        >
          <ellipsesIcon.react tag="span" />
        </button>
      </span>
    </>
  );
}

/** What stands beside a name: version and summary, badges, a size. */
function Facts(props: {
  node: ShelfNode;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { node, trans } = props;
  switch (node.kind) {
    case 'shelf':
      return <span className="cloudshelf-Row-note">{node.row.url}</span>;
    case 'project': {
      const { default: version, latest, summary, why } = node.row;
      return (
        <>
          <span className="cloudshelf-Row-version">{version ?? latest}</span>
          <span className="cloudshelf-Row-note" title={summary}>
            {why && why !== 'name' ? `${why} · ${summary}` : summary}
          </span>
        </>
      );
    }
    case 'version':
      return (
        <span className="cloudshelf-Row-note">
          {node.row.default &&
            badge(
              'default',
              trans.__('default'),
              trans.__('What an import gets without a version')
            )}
          {node.row.blocked !== null &&
            badge('blocked', trans.__('blocked'), node.row.blocked)}
          {node.row.yanked !== null &&
            badge('yanked', trans.__('yanked'), node.row.yanked)}
          {node.row.blocked || node.row.yanked}
        </span>
      );
    case 'entry':
      return (
        <span className="cloudshelf-Row-size">
          {node.row.size !== null && node.row.type === 'file'
            ? formatBytes(node.row.size)
            : ''}
        </span>
      );
  }
}

function badge(name: string, text: string, title: string): React.JSX.Element {
  return (
    <span className="cloudshelf-Badge" data-badge={name} title={title}>
      {text}
    </span>
  );
}

function iconOf(node: ShelfNode): LabIcon | null {
  switch (node.kind) {
    case 'shelf':
      return node.row.error?.name === 'Denied' ? lockIcon : shelfIcon;
    case 'entry':
      return node.row.type === 'directory' ? folderIcon : fileIcon;
    default:
      return null;
  }
}

function stateOf(row: IRow): string {
  if (row.problem) {
    return row.problem.locked ? 'locked' : 'error';
  }
  return row.kind === 'node' ? 'ready' : row.kind;
}

/** What tests, dragging and style sheets know a row by. */
function dataOf(node: ShelfNode | null): Record<string, string> {
  if (!node) {
    return {};
  }
  const said: Record<string, string> = {};
  for (const [name, value] of Object.entries(argsOf(node))) {
    said[`data-${name}`] = String(value);
  }
  return said;
}
