/** Paths of the drive `shelf`: `SHELF/project/version/path/in/the/installed/tree`. */

import type { IShelf } from '../api';

export const DRIVE = 'shelf';

/** Where a path leads; parts that it does not reach are empty. */
export interface IPlace {
  readonly shelf: string;
  readonly project: string;
  readonly version: string;
  readonly path: string;
}

export function parsePlace(localPath: string): IPlace {
  const [shelf = '', project = '', version = '', ...rest] = localPath
    .split('/')
    .filter(part => part !== '');
  return { shelf, project, version, path: rest.join('/') };
}

/** The path of a place on the drive, without the drive's name. */
export function formatPlace(place: Partial<IPlace>): string {
  const { shelf, project, version, path } = place;
  return [shelf, project, version, path].filter(part => part).join('/');
}

/** What a shelf is called in paths: its name where that is enough to tell it from the others, else its id. */
export function folderOf(shelf: IShelf, all: readonly IShelf[]): string {
  const same = all.filter(
    other => other.name === shelf.name || other.id === shelf.name
  );
  const plain = /^[^/:\\]+$/.test(shelf.name) && !/^\.+$/.test(shelf.name);
  return plain && same.length === 1 ? shelf.name : shelf.id;
}

/** The shelf that a path's first part names, by folder or by id; undefined where none is called so. */
export function shelfOf(
  part: string,
  all: readonly IShelf[]
): IShelf | undefined {
  return (
    all.find(shelf => shelf.id === part) ??
    all.find(shelf => folderOf(shelf, all) === part)
  );
}
