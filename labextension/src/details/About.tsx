import * as React from 'react';

import type { IProject } from '../api';
import { useDetails } from './context';
import { formatBytes, formatTime } from './format';
import type { IVersionDetails } from './types';

/** What the shelf knows of a version: facts with their names. */
export function About(props: {
  project: IProject;
  version: IVersionDetails;
}): React.JSX.Element {
  const { trans } = useDetails();
  const { project, version } = props;
  const published = version.published
    ? version.published_by
      ? trans.__(
          '%1, by %2',
          formatTime(version.published),
          version.published_by
        )
      : formatTime(version.published)
    : null;
  const changed = project.changed
    ? project.changed_by
      ? trans.__('%1, by %2', formatTime(project.changed), project.changed_by)
      : formatTime(project.changed)
    : null;
  const facts: [string, string | null | undefined][] = [
    [trans.__('License'), version.license],
    [trans.__('Published'), published],
    [trans.__('Project last changed'), changed],
    [trans.__('Default version'), project.default],
    [trans.__('Latest version'), project.latest],
    [trans.__('Installed'), bytes(version.installed)],
    [trans.__('On the shelf, packed'), bytes(version.packed)],
    [trans.__('Modules'), (version.modules ?? project.modules).join(', ')],
    [trans.__('Extras'), version.extras?.join(', ')],
    [trans.__('Scripts'), version.scripts?.join(', ')]
  ];
  return (
    <section data-section="about">
      <h2>{trans.__('About')}</h2>
      <dl className="cs-Facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function bytes(count: number | null | undefined): string | null {
  return typeof count === 'number' ? formatBytes(count) : null;
}
