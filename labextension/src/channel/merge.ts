import type { IChangeMessage, IState } from './messages';

/**
 * The state after a change; null if a change before it is missing, so that the state must be asked for again.
 *
 * A change that is already in the state (sent before it, arrived after it) leaves it as it is.
 */
export function mergeChange(
  state: IState,
  change: IChangeMessage
): IState | null {
  if (change.seq <= state.seq) {
    return state;
  }
  if (change.seq > state.seq + 1) {
    return null;
  }
  const merged: IState = { ...state, ...change.set, seq: change.seq };
  const fields = change.pins;
  if (fields) {
    merged.pins = merged.pins.map(pin =>
      Object.hasOwn(fields, pin.project)
        ? { ...pin, ...fields[pin.project] }
        : pin
    );
  }
  return merged;
}
