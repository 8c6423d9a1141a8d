import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IProject } from '../api';
import { CommandIDs } from '../commands/ids';
import { Compare } from './Compare';
import { useDetails } from './context';
import { ProjectLink } from './Dependencies';
import type { ISubject } from './types';

/** Rows at first: a project may have thousands of versions. */
const FIRST = 20;

/** All versions, and two of them side by side. */
export function Versions(props: {
  subject: ISubject;
  project: IProject;
  shown: string;
}): React.JSX.Element {
  const { trans, run } = useDetails();
  const [all, setAll] = React.useState(false);
  const { subject, project, shown } = props;
  const { versions } = project;
  const rows = all ? versions : versions.slice(0, FIRST);
  return (
    <section data-section="versions">
      <h2>{trans.__('Versions')}</h2>
      <table className="cloudshelf-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Version')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Action')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.version} data-version={row.version}>
              <th scope="row">
                {row.version === shown ? (
                  <span aria-current="true">{row.version}</span>
                ) : (
                  <ProjectLink subject={{ ...subject, version: row.version }}>
                    {row.version}
                  </ProjectLink>
                )}
              </th>
              <td>
                {[
                  row.default && trans.__('default'),
                  row.blocked !== null && blockedText(row.blocked, trans),
                  row.yanked !== null && yankedText(row.yanked, trans)
                ]
                  .filter(Boolean)
                  .join(', ')}
              </td>
              <td>
                <button
                  type="button"
                  className="cloudshelf-Link"
                  data-action="use"
                  aria-label={trans.__(
                    'Use %1 %2 in this notebook',
                    project.project,
                    row.version
                  )}
                  onClick={() =>
                    run(CommandIDs.use, { ...subject, version: row.version })
                  }
                >
                  {trans.__('Use')}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < versions.length && (
        <button
          type="button"
          className="cloudshelf-Link"
          onClick={() => setAll(true)}
        >
          {trans.__('Show all %1 versions', versions.length)}
        </button>
      )}
      {versions.length > 1 && (
        <Compare subject={subject} versions={versions} shown={shown} />
      )}
    </section>
  );
}

/** Why a version is not taken by itself any more. */
export function yankedText(reason: string, trans: TranslationBundle): string {
  return reason ? trans.__('yanked: %1', reason) : trans.__('yanked');
}

/** Why nobody may use a version. */
export function blockedText(reason: string, trans: TranslationBundle): string {
  return reason ? trans.__('blocked: %1', reason) : trans.__('blocked');
}
