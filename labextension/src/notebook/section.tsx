import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { useSignal } from '../panel/hooks';
import type { CurrentNotebook } from './current';
import { PinsView } from './pinsView';
import { stateOf } from './sectionState';
import { StandIn } from './standIn';

/** The section "In this notebook". */
export class NotebookSection extends ReactWidget {
  constructor(
    private readonly _current: CurrentNotebook,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('cloudshelf-Section');
    this.id = 'cloudshelf-notebook';
    this.node.dataset.section = 'notebook';
    this.node.tabIndex = -1;
    this.title.label = _trans.__('In this notebook');
    this.title.caption = _trans.__('What its kernel has pinned');
    _current.changed.connect(this._showState, this);
    this._showState();
  }

  protected override render(): React.JSX.Element {
    return (
      <NotebookView
        current={this._current}
        commands={this._commands}
        trans={this._trans}
      />
    );
  }

  private _showState(): void {
    this.node.dataset.state = stateOf(this._current.link);
  }
}

function NotebookView(props: {
  current: CurrentNotebook;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { current, commands, trans } = props;
  useSignal(current.changed);
  const { link } = current;
  const state = link?.state;
  if (!link || !state) {
    return <StandIn state={stateOf(link)} commands={commands} trans={trans} />;
  }
  return (
    <PinsView link={link} state={state} commands={commands} trans={trans} />
  );
}
