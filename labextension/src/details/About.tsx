import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IProject } from '../api';
import { useDetails } from './context';
import { formatBytes } from '../panel/format';
import { formatTime } from './format';
import type { IVersionDetails } from './types';

/** What the shelf knows of a version: facts with their names. */
export function About(props: {
  project: IProject;
  version: IVersionDetails;
}): React.JSX.Element {
  const { trans } = useDetails();
  const { project, version } = props;
  const facts: [string, string | null][] = [
    [trans.__('License'), version.license || version.metadata.license],
    [trans.__('Author'), version.metadata.author],
    [trans.__('Maintainer'), version.metadata.maintainer],
    [
      trans.__('Published'),
      event(trans, version.published, version.published_by)
    ],
    [
      trans.__('Project last changed'),
      event(trans, project.changed, project.changed_by)
    ],
    [trans.__('Signed'), version.signed],
    [trans.__('Default version'), project.default],
    [trans.__('Latest version'), project.latest],
    [trans.__('Python'), version.requires_python],
    [trans.__('Files'), version.files.toLocaleString()],
    [trans.__('Installed'), bytes(version.installed)],
    [trans.__('On the shelf, packed'), bytes(version.packed)],
    [trans.__('Modules'), version.modules.join(', ')],
    [trans.__('Extras'), version.extras.join(', ')],
    [trans.__('Scripts'), version.scripts.join(', ')],
    [trans.__('Keywords'), version.metadata.keywords.join(', ')]
  ];
  const urls = Object.entries(version.metadata.urls).filter(([, url]) =>
    /^https?:/.test(url)
  );
  return (
    <section data-section="about">
      <h2>{trans.__('About')}</h2>
      <dl className="cloudshelf-Facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        {urls.map(([name, url]) => (
          <div key={`url ${name}`}>
            <dt>{name}</dt>
            <dd>
              <a href={url} target="_blank" rel="noopener noreferrer">
                {url}
              </a>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function bytes(count: number | null): string | null {
  return count === null ? null : formatBytes(count);
}

function event(
  trans: TranslationBundle,
  time: string | null | undefined,
  by: string | null | undefined
): string | null {
  if (!time) {
    return null;
  }
  return by ? trans.__('%1, by %2', formatTime(time), by) : formatTime(time);
}
