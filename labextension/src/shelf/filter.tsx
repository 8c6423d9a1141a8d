import type { TranslationBundle } from '@jupyterlab/translation';
import { FilterBox } from '@jupyterlab/ui-components';
import { Debouncer } from '@lumino/polling';
import React from 'react';

/** Milliseconds without another letter before the server is asked. */
const TYPING = 120;

/** Lab's filter box, which tells what was typed when the typing pauses. */
export function Filter(props: {
  initial: string;
  setFilter: (filter: string) => void;
  boxRef: React.RefObject<HTMLInputElement>;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { setFilter, boxRef, trans } = props;
  const [debounced] = React.useState(
    () => new Debouncer<void, Error, [string]>(setFilter, TYPING)
  );
  const updateFilter = React.useCallback(
    (_: unknown, query?: string) => {
      void debounced.invoke((query ?? '').trim());
    },
    [debounced]
  );
  React.useEffect(() => {
    boxRef.current?.setAttribute('aria-label', trans.__('Filter projects'));
    // Lab's box has a button without a name.
    boxRef.current?.shadowRoot
      ?.querySelector('[part="clear-button"]')
      ?.setAttribute('aria-label', trans.__('Clear'));
  }, [boxRef, trans]);
  return (
    <FilterBox
      initialQuery={props.initial}
      inputRef={boxRef}
      placeholder={trans.__('Filter projects')}
      updateFilter={updateFilter}
      useFuzzyFilter={false}
    />
  );
}
