import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

/** The schema of the server extension's events (docs/rest-api.md). */
export const SCHEMA = 'https://events.jupyter.org/cloudshelf/shelf/v1';

/** Call back with the id of every shelf of which the catalog changed, as long as the answer is not disposed. */
export function onCatalogChange(
  events: Event.IManager,
  callback: (shelf: string) => void
): IDisposable {
  const slot = (_: unknown, event: Event.Emission): void => {
    const { schema_id: schema, change, shelf } = event;
    if (
      schema === SCHEMA &&
      change === 'catalog' &&
      typeof shelf === 'string'
    ) {
      callback(shelf);
    }
  };
  events.stream.connect(slot);
  return new DisposableDelegate(() => {
    events.stream.disconnect(slot);
  });
}
