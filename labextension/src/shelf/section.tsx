import type { TranslationBundle } from '@jupyterlab/translation';
import {
  folderIcon,
  ReactWidget,
  refreshIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import React from 'react';

import { CommandIDs } from '../commands/ids';
import { ActionButton } from '../panel/actionButton';
import { useSignal } from '../panel/hooks';
import { Problem } from '../panel/problem';
import { Filter } from './filter';
import { openMenu } from './menu';
import { argsOf, isFolder, nodeId } from './nodes';
import type { IRow } from './rows';
import { emptyMessage, Skeleton } from './standIn';
import type { ShelfTree } from './tree';
import { TreeView } from './treeView';

/** What the section shows besides the tree. */
export interface IShelfView {
  /** The key of the active row. */
  active: string | null;
}

/** The section "Shelf": a filter, and the tree below it. */
export class ShelfSection extends ReactWidget {
  constructor(
    private readonly _tree: ShelfTree,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle,
    private readonly _view: IShelfView
  ) {
    super();
    this.addClass('cloudshelf-Section');
    this.id = 'cloudshelf-shelf';
    this.node.dataset.section = 'shelf';
    this.title.label = _trans.__('Shelf');
    this.title.caption = _trans.__('Everything that can be used');
    _tree.changed.connect(this._showState, this);
    this._showState();
  }

  /** Put the cursor into the filter. */
  focusFilter(): void {
    this._filter.current?.focus();
  }

  protected override render(): React.JSX.Element {
    return (
      <ShelfView
        tree={this._tree}
        commands={this._commands}
        trans={this._trans}
        view={this._view}
        filterRef={this._filter}
      />
    );
  }

  private _showState(): void {
    this.node.dataset.state = stateOf(this._tree);
  }

  private _filter = React.createRef<HTMLInputElement>();
}

/** What the section is in as a whole; rows have states of their own. */
export function stateOf(
  tree: ShelfTree
): 'loading' | 'error' | 'locked' | 'empty' | 'ready' {
  const only = tree.rows.length === 1 ? tree.rows.at(0) : undefined;
  const problem = tree.problem ?? only?.problem;
  if (problem) {
    return problem.locked ? 'locked' : 'error';
  }
  if (!tree.shelves || only?.kind === 'loading') {
    return 'loading';
  }
  return tree.rows.length === 0 || only?.kind === 'empty' ? 'empty' : 'ready';
}

interface IShelfViewProps {
  tree: ShelfTree;
  commands: CommandRegistry;
  trans: TranslationBundle;
  view: IShelfView;
  filterRef: React.RefObject<HTMLInputElement>;
}

function ShelfView(props: IShelfViewProps): React.JSX.Element {
  const { tree, trans, view } = props;
  const treeRef = React.useRef<HTMLDivElement>(null);
  const [active, setActive] = React.useState(view.active);
  useSignal(tree.changed);

  return (
    <>
      <div
        className="cloudshelf-Filter"
        onKeyDown={event => {
          if (event.key === 'ArrowDown') {
            // from the filter, as from any box with a list below it
            treeRef.current?.focus();
            event.preventDefault();
          }
        }}
      >
        <Filter
          initial={tree.filter}
          setFilter={filter => tree.setFilter(filter)}
          boxRef={props.filterRef}
          trans={trans}
        />
        <ActionButton
          commands={props.commands}
          command={CommandIDs.refresh}
          action="refresh"
          label={trans.__('Refresh the shelf')}
          icon={<refreshIcon.react tag="span" />}
        />
        <ActionButton
          commands={props.commands}
          command={CommandIDs.openDrive}
          action="open-drive"
          label={trans.__('Open the shelf as a drive')}
          icon={<folderIcon.react tag="span" />}
        />
      </div>
      <Body
        {...props}
        treeRef={treeRef}
        active={active}
        setActive={key => {
          view.active = key;
          setActive(key);
        }}
      />
    </>
  );
}

interface IBodyProps extends IShelfViewProps {
  treeRef: React.RefObject<HTMLDivElement>;
  active: string | null;
  setActive: (key: string) => void;
}

/** The tree, or what stands in its place. */
function Body(props: IBodyProps): React.JSX.Element {
  const { tree, commands, trans, setActive, treeRef } = props;
  const state = stateOf(tree);
  const only = tree.rows.at(0);
  React.useEffect(() => {
    if (state === 'loading') {
      tree.look(0, 0); // there is no tree yet that looks
    }
  });

  switch (state) {
    case 'loading':
      return <Skeleton label={trans.__('Loading the shelf')} />;
    case 'error':
    case 'locked': {
      const problem = tree.problem ?? only?.problem;
      const retry = (): void => {
        only?.list.retry();
        void tree.load();
      };
      return (
        <div className="cloudshelf-Message">
          {problem && <Problem trans={trans} problem={problem} retry={retry} />}
        </div>
      );
    }
    case 'empty':
      return (
        <p className="cloudshelf-Message" role="status">
          {emptyMessage(tree, trans)}
        </p>
      );
    case 'ready':
      break;
  }

  const run = (command: string, row: IRow): void => {
    if (row.node && commands.hasCommand(command)) {
      const args = { ...argsOf(row.node) } as ReadonlyJSONObject;
      void commands.execute(command, args);
    }
  };
  const setExpanded = (row: IRow, expanded: boolean): void => {
    if (row.node) {
      tree.setExpanded(nodeId(row.node), expanded);
    }
  };
  const toggle = (row: IRow): void => {
    setActive(row.key);
    if (row.node && isFolder(row.node)) {
      setExpanded(row, !row.expanded);
    }
  };
  const activate = (row: IRow): void => {
    if (row.problem) {
      row.list.retry();
    } else if (row.node && !isFolder(row.node)) {
      run(CommandIDs.openFile, row);
    } else {
      toggle(row);
    }
  };
  return (
    <TreeView
      label={trans.__('Shelf')}
      rows={tree.rows}
      look={(from, to) => tree.look(from, to)}
      active={props.active}
      setActive={setActive}
      setExpanded={setExpanded}
      busy={tree.filtering}
      treeRef={treeRef}
      trans={trans}
      onClick={toggle}
      onToggle={toggle}
      onActivate={activate}
      onUse={row => run(CommandIDs.use, row)}
      onMenu={(row, x, y) => {
        setActive(row.key);
        if (row.node) {
          openMenu(commands, row.node, x, y);
        }
      }}
    />
  );
}
