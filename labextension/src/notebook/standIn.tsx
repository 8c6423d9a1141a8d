import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands/ids';
import { ActionButton } from '../panel/actionButton';
import type { SectionState } from './sectionState';

/** What stands in place of pins: why there are none, and what to do. */
export function StandIn(props: {
  state: SectionState;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { state, commands, trans } = props;
  return (
    <div className="cloudshelf-Message" role="status">
      <p>{messageOf(state, trans)}</p>
      {state === 'no-extension' && (
        <ActionButton
          commands={commands}
          command={CommandIDs.loadExtension}
          action="load-extension"
          label={trans.__('Load cloudshelf in this kernel')}
        />
      )}
      {state === 'dead' && (
        <ActionButton
          commands={commands}
          command="notebook:restart-kernel"
          action="restart"
          label={trans.__('Restart the kernel')}
        />
      )}
      {state === 'no-kernel' && (
        <ActionButton
          commands={commands}
          command="notebook:change-kernel"
          action="start"
          label={trans.__('Choose a kernel')}
        />
      )}
    </div>
  );
}

function messageOf(state: SectionState, trans: TranslationBundle): string {
  switch (state) {
    case 'empty':
      return trans.__('No notebook is in front. Open one to see its pins.');
    case 'loading':
      return trans.__('Asking the kernel…');
    case 'no-kernel':
      return trans.__('This notebook has no kernel.');
    case 'dead':
      return trans.__('The kernel died.');
    case 'busy':
      return trans.__('The kernel runs a cell, and answers when it is done.');
    case 'not-python':
      return trans.__('The kernel of this notebook does not run Python.');
    case 'no-extension':
      return trans.__('cloudshelf is not loaded in this kernel.');
    case 'ready':
      return '';
  }
}
