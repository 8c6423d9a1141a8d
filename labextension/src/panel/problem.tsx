import type { TranslationBundle } from '@jupyterlab/translation';
import { errorIcon, lockIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IShownProblem } from '../api';

/** Why something is not there, whom to ask where it is locked, and Retry where again may help. */
export function Problem(props: {
  trans: TranslationBundle;
  problem: IShownProblem;
  retry: () => void;
}): React.JSX.Element {
  const { trans, problem } = props;
  const Icon = problem.locked ? lockIcon : errorIcon;
  return (
    <div
      className="cloudshelf-Problem"
      data-state={problem.locked ? 'locked' : 'error'}
      role="alert"
    >
      <Icon.react tag="span" className="cloudshelf-Row-icon" />
      <span className="cloudshelf-Problem-text" title={problem.message}>
        {problem.message}{' '}
        {problem.ask && <Ask ask={problem.ask} trans={trans} />}
      </span>
      <button
        className="jp-mod-styled cloudshelf-Button"
        data-action="retry"
        onClick={event => {
          event.stopPropagation();
          props.retry();
        }}
      >
        {trans.__('Retry')}
      </button>
    </div>
  );
}

/** A place to ask at is a link only where a browser may follow it. */
function Ask(props: {
  ask: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { ask, trans } = props;
  if (!/^(https?|mailto):/.test(ask)) {
    return <>{trans.__('Ask: %1', ask)}</>;
  }
  return (
    <a href={ask} target="_blank" rel="noopener noreferrer">
      {trans.__('Ask for access')}
    </a>
  );
}
