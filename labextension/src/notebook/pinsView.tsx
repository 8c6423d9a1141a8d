import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IState } from '../channel';
import { CommandIDs } from '../commands/ids';
import { ActionButton } from '../panel/actionButton';
import { formatPart } from '../panel/format';
import { ProgressBar } from '../panel/progressBar';
import type { NotebookLink } from './link';
import { PinRow } from './pinRow';

/** Pins, live, with everything that can be done with them. */
export function PinsView(props: {
  link: NotebookLink;
  state: IState;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { link, state, commands, trans } = props;
  const { pins } = state;
  return (
    <>
      <div className="cloudshelf-Buttons">
        <ActionButton
          commands={commands}
          command={CommandIDs.writeLock}
          action="write-lock"
          label={trans.__('Write lock')}
          disabled={pins.length === 0}
        />
        <ActionButton
          commands={commands}
          command={CommandIDs.restoreLock}
          action="restore"
          label={trans.__('Restore')}
          disabled={link.block === null}
        />
        <ActionButton
          commands={commands}
          command={CommandIDs.showWaterfall}
          action="waterfall"
          label={trans.__('Waterfall')}
        />
      </div>
      <Notices {...props} />
      {pins.length === 0 ? (
        <p className="cloudshelf-Message" role="status">
          {trans.__(
            'Nothing is pinned. Use something from the shelf below, or import it.'
          )}
        </p>
      ) : (
        <>
          <Totals state={state} trans={trans} />
          <ul className="cloudshelf-Pins" aria-label={trans.__('Pins')}>
            {pins.map(pin => (
              <PinRow
                key={pin.project}
                pin={pin}
                commands={commands}
                trans={trans}
              />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What is going on, what is wrong, and what waits for a restart. */
function Notices(props: {
  state: IState;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { state, commands, trans } = props;
  const { busy, restart, notebook } = state;
  const problem = state.problem ?? notebook?.problem;
  return (
    <>
      {busy && (
        <div className="cloudshelf-Notice" data-notice="busy">
          <span>
            {busy.stage || busy.verb} {busy.what}
          </span>
          <ActionButton
            commands={commands}
            command={CommandIDs.cancel}
            action="cancel"
            label={trans.__('Cancel')}
          />
          <ProgressBar
            label={busy.stage || busy.verb}
            done={busy.done}
            total={busy.total}
          />
        </div>
      )}
      {restart && (
        <div className="cloudshelf-Notice" data-notice="restart" role="status">
          <span>{restart.message}</span>
          <ActionButton
            commands={commands}
            command={CommandIDs.restartKernel}
            action="restart"
            label={trans.__('Restart the kernel')}
          />
        </div>
      )}
      {problem && (
        <div className="cloudshelf-Notice" data-notice="problem" role="alert">
          {problem}
        </div>
      )}
      {notebook && notebook.digest !== null && !notebook.same && (
        <div className="cloudshelf-Notice" data-notice="differs" role="status">
          {notebook.missing.length > 0
            ? trans.__(
                "The notebook's lock has more: %1",
                notebook.missing
                  .map(({ project, version }) => `${project} ${version}`)
                  .join(', ')
              )
            : trans.__("This differs from the notebook's lock.")}
        </div>
      )}
    </>
  );
}

function Totals(props: {
  state: IState;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { state, trans } = props;
  const { bytes, fetched } = state.totals;
  const said = trans.__('%1 of %2 fetched', ...formatPart(fetched, bytes));
  return (
    <div
      className="cloudshelf-Totals"
      data-fetched={fetched}
      data-bytes={bytes}
    >
      <span>
        {trans._n('%1 pin', '%1 pins', state.pins.length)} · {said}
      </span>
      <ProgressBar label={trans.__('Fetched')} done={fetched} total={bytes} />
    </div>
  );
}
