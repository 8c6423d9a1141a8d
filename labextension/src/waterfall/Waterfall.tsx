import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { NotebookLink } from '../notebook/link';
import { ImportTable } from './ImportTable';
import { pictureUrl } from './picture';
import type { IImports } from './types';

/** Imports of the outermost level that are asked for. */
const LAST = 10;

type Answer =
  | { kind: 'loading' }
  | { kind: 'error'; message: string }
  | { kind: 'ready'; imports: IImports };

/** What the last imports of a notebook took: a picture, and the same as a table. */
export function Waterfall(props: {
  link: NotebookLink;
  theme: string | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { link, theme, trans } = props;
  const [answer, setAnswer] = React.useState<Answer>({ kind: 'loading' });
  const [attempt, setAttempt] = React.useState(0);
  React.useEffect(() => {
    let current = true;
    const show = (next: Answer): void => {
      if (current) {
        setAnswer(next);
      }
    };
    link.request('profile', { last: LAST }).then(
      result => show({ kind: 'ready', imports: result as unknown as IImports }),
      (error: unknown) =>
        show({
          kind: 'error',
          message: error instanceof Error ? error.message : String(error)
        })
    );
    return () => {
      current = false;
    };
  }, [link, attempt]);
  return (
    <div data-cloudshelf="waterfall" data-state={answer.kind}>
      <h1>{trans.__('Last imports of %1', link.panel.title.label)}</h1>
      <button
        type="button"
        className="jp-Dialog-button jp-mod-styled"
        data-action="refresh"
        onClick={() => setAttempt(attempt + 1)}
      >
        {trans.__('Refresh')}
      </button>
      {answer.kind === 'loading' && (
        <p role="status">{trans.__('Asking the kernel…')}</p>
      )}
      {answer.kind === 'error' && <p role="alert">{answer.message}</p>}
      {answer.kind === 'ready' && (
        <Imports imports={answer.imports} theme={theme} trans={trans} />
      )}
    </div>
  );
}

function Imports(props: {
  imports: IImports;
  theme: string | null;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { imports, theme, trans } = props;
  const { svg, note } = imports;
  if (imports.imports.length === 0) {
    return (
      <p>{note ?? trans.__('Nothing has been imported from the shelf yet.')}</p>
    );
  }
  return (
    <>
      <p>
        {trans.__('Seconds of all of them: %1', imports.seconds.toFixed(2))}
      </p>
      {svg && (
        <img
          key={theme} // the colours are the theme's: with another one they are read again
          className="cloudshelf-Picture"
          src={pictureUrl(svg, themeValue)}
          alt={trans.__(
            'One bar a module: when its import began, how long it waited for files, how long it ran. The table below says the same.'
          )}
        />
      )}
      <ImportTable rows={imports.imports} trans={trans} />
    </>
  );
}

function themeValue(variable: string): string {
  return getComputedStyle(document.body).getPropertyValue(variable);
}
