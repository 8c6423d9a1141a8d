import * as React from 'react';

import { isAborted, problemOf } from '../api';
import { CommandIDs } from '../commands/ids';
import { About } from './About';
import { useDetails } from './context';
import { Dependencies } from './Dependencies';
import { type ILoaded, load } from './load';
import { Problem } from '../panel/problem';
import { Readme } from './Readme';
import type { ISubject } from './types';
import { Versions, blockedText, yankedText } from './Versions';
import { Wheels } from './Wheels';

type Answer =
  | { kind: 'loading' }
  | { kind: 'error'; error: unknown }
  | { kind: 'ready'; loaded: ILoaded };

/** The whole tab. `revision` counts how often the shelf has changed; what is shown stays until the new answer is there. */
export function Details(props: {
  subject: ISubject;
  revision: number;
}): React.JSX.Element {
  const { api, trans } = useDetails();
  const { subject, revision } = props;
  const [answer, setAnswer] = React.useState<Answer>({ kind: 'loading' });
  const [attempt, setAttempt] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    load(api, subject, controller.signal).then(
      loaded => setAnswer({ kind: 'ready', loaded }),
      (error: unknown) => {
        if (!isAborted(error)) {
          setAnswer({ kind: 'error', error });
        }
      }
    );
    return () => controller.abort();
  }, [api, subject, revision, attempt]);

  const name = subject.version
    ? `${subject.project} ${subject.version}`
    : subject.project;
  return (
    <div
      data-cloudshelf="details"
      data-project={subject.project}
      data-version={subject.version}
      data-state={answer.kind}
    >
      {answer.kind === 'ready' ? (
        <Ready subject={subject} loaded={answer.loaded} />
      ) : (
        <h1>{name}</h1>
      )}
      {answer.kind === 'loading' && (
        <div className="cloudshelf-Skeleton" role="status">
          {trans.__('Asking the shelf…')}
        </div>
      )}
      {answer.kind === 'error' && (
        <Problem
          trans={trans}
          problem={problemOf(answer.error)}
          retry={() => {
            setAnswer({ kind: 'loading' });
            setAttempt(attempt + 1);
          }}
        />
      )}
    </div>
  );
}

function Ready(props: {
  subject: ISubject;
  loaded: ILoaded;
}): React.JSX.Element {
  const { trans } = useDetails();
  const { subject, loaded } = props;
  const { project, version } = loaded;
  const row = project.versions.find(each => each.version === version.version);
  const yanked = row?.yanked ?? null;
  return (
    <>
      <h1>
        {project.project} {version.version}
      </h1>
      <p>{version.summary}</p>
      {version.blocked !== null && (
        <p className="cloudshelf-Warning" role="note">
          {blockedText(version.blocked, trans)}
        </p>
      )}
      {yanked !== null && (
        <p className="cloudshelf-Warning" role="note">
          {yankedText(yanked, trans)}
        </p>
      )}
      <Actions
        subject={{
          shelf: subject.shelf,
          project: project.project,
          version: version.version
        }}
      />
      <About project={project} version={version} />
      <Versions
        key={version.version}
        subject={subject}
        project={project}
        shown={version.version}
      />
      <Dependencies subject={subject} version={version} />
      <Wheels wheels={version.wheels} />
      <Readme readme={version.readme} />
    </>
  );
}

function Actions(props: { subject: ISubject }): React.JSX.Element {
  const { trans, run } = useDetails();
  const { subject } = props;
  return (
    <div className="cloudshelf-Actions">
      <button
        type="button"
        className="jp-Dialog-button jp-mod-styled jp-mod-accept"
        data-action="use"
        onClick={() => run(CommandIDs.use, subject)}
      >
        {trans.__('Use in this notebook')}
      </button>
      <button
        type="button"
        className="jp-Dialog-button jp-mod-styled"
        data-action="copy"
        onClick={() => run(CommandIDs.copyRequirement, subject)}
      >
        {trans.__('Copy requirement')}
      </button>
    </div>
  );
}
