import * as React from 'react';

import {
  type IVersionDiff,
  type IVersionRow,
  isAborted,
  problemOf
} from '../api';
import { useDetails } from './context';
import { Difference } from './Difference';
import { Problem } from '../panel/problem';
import type { ISubject } from './types';

type Answer =
  | { kind: 'none' | 'loading' }
  | { kind: 'error'; error: unknown }
  | { kind: 'ready'; diff: IVersionDiff };

/** Two versions to choose, and what differs between them. */
export function Compare(props: {
  subject: ISubject;
  versions: readonly IVersionRow[];
  shown: string;
}): React.JSX.Element {
  const { api, trans } = useDetails();
  const { shelf, project } = props.subject;
  const names = props.versions.map(row => row.version);
  const at = names.indexOf(props.shown);
  // The newest comes first: what one wants to know is mostly what changed since the version before
  const before = names.at(at + 1) ?? names.at(at - 1) ?? props.shown;
  const [from, setFrom] = React.useState(before);
  const [to, setTo] = React.useState(props.shown);
  const [answer, setAnswer] = React.useState<Answer>({ kind: 'none' });
  const asked = React.useRef<AbortController | null>(null);
  React.useEffect(() => () => asked.current?.abort(), []);

  const compare = async (): Promise<void> => {
    asked.current?.abort();
    const controller = (asked.current = new AbortController());
    const { signal } = controller;
    setAnswer({ kind: 'loading' });
    try {
      const diff = await api.diff(shelf, project, from, to, { signal });
      if (!signal.aborted) {
        setAnswer({ kind: 'ready', diff });
      }
    } catch (error) {
      if (!isAborted(error) && !signal.aborted) {
        setAnswer({ kind: 'error', error });
      }
    }
  };

  return (
    <div data-section="compare">
      <h3>{trans.__('Two versions side by side')}</h3>
      <form
        className="cloudshelf-Compare"
        onSubmit={event => {
          event.preventDefault();
          void compare();
        }}
      >
        <VersionSelect
          label={trans.__('From')}
          name="from"
          names={names}
          value={from}
          choose={setFrom}
        />
        <VersionSelect
          label={trans.__('To')}
          name="to"
          names={names}
          value={to}
          choose={setTo}
        />
        <button
          type="submit"
          className="jp-Dialog-button jp-mod-styled"
          data-action="compare"
        >
          {trans.__('Compare')}
        </button>
      </form>
      <div aria-live="polite" data-state={answer.kind}>
        {answer.kind === 'loading' && <p>{trans.__('Comparing…')}</p>}
        {answer.kind === 'error' && (
          <Problem
            trans={trans}
            problem={problemOf(answer.error)}
            retry={() => void compare()}
          />
        )}
        {answer.kind === 'ready' && <Difference diff={answer.diff} />}
      </div>
    </div>
  );
}

function VersionSelect(props: {
  label: string;
  name: string;
  names: readonly string[];
  value: string;
  choose: (version: string) => void;
}): React.JSX.Element {
  return (
    <label>
      {props.label}{' '}
      <select
        name={props.name}
        value={props.value}
        onChange={event => props.choose(event.target.value)}
      >
        {props.names.map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
