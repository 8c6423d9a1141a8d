import type { ISignal } from '@lumino/signaling';
import React from 'react';

/** Render again when a signal says so. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, again] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const slot = (): void => again();
    signal.connect(slot);
    // An effect runs after the browser has painted: what was said since the rendering was not heard.
    again();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}
