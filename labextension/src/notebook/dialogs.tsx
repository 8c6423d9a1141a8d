import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IProject } from '../api';
import type { IPlan } from '../channel';

/** Have the user choose one of a project's versions; null if not. */
export async function chooseVersion(
  project: IProject,
  current: string | null,
  trans: TranslationBundle
): Promise<string | null> {
  const items = project.versions.map(({ version }) => version);
  const { value, button } = await InputDialog.getItem({
    title: trans.__('Switch the version of %1', project.project),
    label: trans.__('Version'),
    items,
    current: Math.max(0, items.indexOf(current ?? '')),
    okLabel: trans.__('See what changes')
  });
  return button.accept ? value : null;
}

/** Show what would change, and ask whether it shall. */
export async function confirmPlan(
  requirement: string,
  plan: IPlan,
  trans: TranslationBundle
): Promise<boolean> {
  const nothing = plan.changes.length === 0 && !plan.problem;
  const accept = plan.problem
    ? trans.__('Restart and switch')
    : trans.__('Switch');
  const { button } = await showDialog({
    title: trans.__('Use %1', requirement),
    body: <Changes plan={plan} trans={trans} />,
    buttons: nothing
      ? [Dialog.okButton()]
      : [Dialog.cancelButton(), Dialog.okButton({ label: accept })]
  });
  return button.accept && !nothing;
}

/** Ask whether the kernel may be restarted, which loses its variables. */
export async function confirmRestart(
  why: string,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Restart the kernel?'),
    body: `${why}\n\n${trans.__('All variables of the kernel will be lost.')}`,
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Restart') })
    ]
  });
  return button.accept;
}

function Changes(props: {
  plan: IPlan;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { plan, trans } = props;
  return (
    <div className="cloudshelf-Plan" data-cloudshelf="plan">
      {plan.changes.length > 0 ? (
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Project')}</th>
              <th scope="col">{trans.__('Now')}</th>
              <th scope="col">{trans.__('Then')}</th>
              <th scope="col">{trans.__('Because of')}</th>
            </tr>
          </thead>
          <tbody>
            {plan.changes.map(({ project, was, version, why }) => (
              <tr key={project} data-project={project}>
                <td>{project}</td>
                <td>{was ?? '–'}</td>
                <td>{version ?? trans.__('dropped')}</td>
                <td>
                  {why.length > 0 ? why.join(', ') : trans.__('asked for')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        !plan.problem && <p>{trans.__('Nothing would change.')}</p>
      )}
      {plan.problem && <p role="alert">{plan.problem}</p>}
    </div>
  );
}
