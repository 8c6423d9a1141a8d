import * as React from 'react';

import type { IApiProblem } from '../api';
import { useDetails } from './context';

/** What went wrong, whom to ask where the shelf says so, and a way to try again. */
export function Problem(props: {
  problem: IApiProblem & { locked: boolean };
  retry: () => void;
}): React.JSX.Element {
  const { trans } = useDetails();
  const { message, ask, locked } = props.problem;
  const isUrl = ask !== null && /^(?:https?|mailto):/.test(ask);
  return (
    <div
      className="cs-Problem"
      role="alert"
      data-state={locked ? 'locked' : 'error'}
    >
      <p>{message}</p>
      {isUrl ? (
        <p>
          <a href={ask} target="_blank" rel="noopener noreferrer">
            {trans.__('Ask for it')}
          </a>
        </p>
      ) : (
        ask && <p>{ask}</p>
      )}
      <button
        type="button"
        className="jp-Dialog-button jp-mod-styled"
        data-action="retry"
        onClick={props.retry}
      >
        {trans.__('Retry')}
      </button>
    </div>
  );
}
