import * as React from 'react';

import { CommandIDs } from '../commands/ids';
import { useDetails } from './context';
import type { ISubject, IVersionDetails } from './types';

/** Both ways: what the version needs, and which projects need it; what is on the shelf leads to its own details. */
export function Dependencies(props: {
  subject: ISubject;
  version: IVersionDetails;
}): React.JSX.Element {
  const { trans } = useDetails();
  const { shelf } = props.subject;
  const { dependencies, dependents } = props.version;
  return (
    <section data-section="dependencies">
      <h2>{trans.__('Dependencies')}</h2>
      <h3>{trans.__('It needs')}</h3>
      {dependencies.length === 0 && <p>{trans.__('Nothing else.')}</p>}
      <ul className="cloudshelf-List">
        {dependencies.map(each => (
          <li key={each.requirement}>
            {each.on_shelf ? (
              <ProjectLink subject={{ shelf, project: each.project }}>
                {each.requirement}
              </ProjectLink>
            ) : (
              <>
                {each.requirement}{' '}
                <span className="cloudshelf-Note">
                  {trans.__('not on this shelf')}
                </span>
              </>
            )}
          </li>
        ))}
      </ul>
      <h3>{trans.__('It is needed by')}</h3>
      <Dependents
        shelf={shelf}
        dependents={dependents}
        note={props.version.dependents_note}
      />
    </section>
  );
}

function Dependents(props: {
  shelf: string;
  dependents: string[] | null;
  note: string | null;
}): React.JSX.Element {
  const { trans } = useDetails();
  if (props.dependents === null) {
    return <p>{props.note ?? trans.__("The shelf's catalog does not say.")}</p>;
  }
  if (props.dependents.length === 0) {
    return <p>{trans.__('No other project of this shelf.')}</p>;
  }
  return (
    <ul className="cloudshelf-List">
      {props.dependents.map(project => (
        <li key={project}>
          <ProjectLink subject={{ shelf: props.shelf, project }}>
            {project}
          </ProjectLink>
        </li>
      ))}
    </ul>
  );
}

/** Leads to the details of a project or a version; a button, because it opens a tab and no page. */
export function ProjectLink(props: {
  subject: ISubject;
  children: React.ReactNode;
}): React.JSX.Element {
  const { run } = useDetails();
  return (
    <button
      type="button"
      className="cloudshelf-Link"
      data-action="details"
      onClick={() => run(CommandIDs.showDetails, props.subject)}
    >
      {props.children}
    </button>
  );
}
