/** The shelf as a drive of Lab's contents: read-only, over the server extension's REST API. */

import { URLExt } from '@jupyterlab/coreutils';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IEntry, IPage, IShelf, ShelfApi } from '../api';
import { fileModel, folderModel, withContent, withTime } from './models';
import {
  DRIVE,
  folderOf,
  formatPlace,
  type IPlace,
  parsePlace,
  shelfOf
} from './place';

/** Rows of one request: the most that the server gives (docs/rest-api.md). */
const PAGE = 500;

/** Folders of a shelf are its projects, theirs are versions, below these is the installed tree. */
export class ShelfDrive implements Contents.IDrive {
  readonly name = DRIVE;

  constructor(private readonly _api: ShelfApi) {}

  get serverSettings(): ServerConnection.ISettings {
    return this._api.settings;
  }

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** A folder or a file. Rejects with the server's sentence where there is none, or none for this person. */
  async get(
    localPath: string,
    options: Contents.IFetchOptions = {}
  ): Promise<Contents.IModel> {
    const { shelf, place } = await this._find(localPath);
    if (!shelf) {
      return this._shelves();
    }
    const wanted = options.content !== false;
    if (!place.path) {
      return wanted ? this._folder(shelf, place) : folderModel(place.local);
    }
    if (options.type === 'directory' || this._folders.has(place.local)) {
      return this._folder(shelf, place);
    }
    if (wanted && options.type) {
      return this._file(shelf, place, options);
    }
    const { project, version, path } = place;
    const entry = await this._api.entry(shelf.id, project, version, path);
    if (entry.type === 'directory') {
      return wanted ? this._folder(shelf, place) : folderModel(place.local);
    }
    return wanted
      ? this._file(shelf, place, options)
      : fileModel(place.local, entry.size, entry.mimetype ?? '');
  }

  /** Where a browser downloads a file; the server asks for the same permission there. */
  async getDownloadUrl(localPath: string): Promise<string> {
    const { shelf, place } = await this._find(localPath);
    if (!shelf || !place.path) {
      throw new Error('A folder cannot be downloaded; choose a file in it.');
    }
    const parts = ['shelves', shelf.id, 'projects', place.project];
    const url = URLExt.join(
      this.serverSettings.baseUrl,
      'cloudshelf/api',
      ...[...parts, 'versions', place.version, 'content'].map(
        encodeURIComponent
      )
    );
    return `${url}?${new URLSearchParams({ path: place.path })}`;
  }

  newUntitled(): Promise<Contents.IModel> {
    return refuse();
  }

  delete(): Promise<void> {
    return refuse();
  }

  rename(): Promise<Contents.IModel> {
    return refuse();
  }

  save(): Promise<Contents.IModel> {
    return refuse();
  }

  copy(): Promise<Contents.IModel> {
    return refuse();
  }

  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return refuse();
  }

  listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  restoreCheckpoint(): Promise<void> {
    return refuse();
  }

  deleteCheckpoint(): Promise<void> {
    return refuse();
  }

  private async _find(localPath: string): Promise<{
    shelf: IShelf | null;
    place: IPlace & { local: string };
  }> {
    const place = parsePlace(localPath);
    const local = formatPlace(place);
    if (!place.shelf) {
      return { shelf: null, place: { ...place, local } };
    }
    const { shelves } = await this._api.shelves();
    const shelf = shelfOf(place.shelf, shelves);
    if (!shelf) {
      const known = shelves.map(each => folderOf(each, shelves)).join(', ');
      throw new Error(
        `There is no shelf ${place.shelf} here. ${known ? `Open one of: ${known}.` : 'None is configured.'}`
      );
    }
    return { shelf, place: { ...place, local } };
  }

  private async _shelves(): Promise<Contents.IModel> {
    const { shelves } = await this._api.shelves();
    return folderModel(
      '',
      shelves.map(shelf => folderModel(folderOf(shelf, shelves)))
    );
  }

  private async _folder(
    shelf: IShelf,
    place: IPlace & { local: string }
  ): Promise<Contents.IModel> {
    const { project, version, path, local } = place;
    const below = (name: string): string => `${local}/${name}`;
    const at = (entry: IEntry): string =>
      formatPlace({ ...place, path: entry.path }); // the top may be `site`
    if (!project) {
      const rows = await allPages(
        offset => this._api.projects(shelf.id, '', { offset, limit: PAGE }),
        page => page.projects
      );
      const folders = rows.map(row => folderModel(below(row.project)));
      return folderModel(local, folders);
    }
    if (!version) {
      const { versions } = await this._api.project(shelf.id, project);
      const folders = versions.map(row => folderModel(below(row.version)));
      return folderModel(local, folders);
    }
    const entries = await allPages(
      offset =>
        this._api.files(shelf.id, project, version, path, {
          offset,
          limit: PAGE
        }),
      page => page.entries
    );
    for (const entry of entries) {
      if (entry.type === 'directory') {
        this._folders.add(at(entry));
      }
    }
    return folderModel(
      local,
      entries.map(entry =>
        entry.type === 'directory'
          ? folderModel(at(entry))
          : fileModel(at(entry), entry.size, entry.mimetype ?? '')
      )
    );
  }

  private async _file(
    shelf: IShelf,
    place: IPlace & { local: string },
    options: Contents.IFetchOptions
  ): Promise<Contents.IModel> {
    const { project, version, path, local } = place;
    const response = await this._api.content(shelf.id, project, version, path);
    const mimetype = response.headers.get('Content-Type')?.split(';')[0] ?? '';
    const bytes = new Uint8Array(await response.arrayBuffer());
    const model = fileModel(local, bytes.length, mimetype);
    return withTime(
      withContent(model, bytes, options),
      await this._time(shelf, place)
    );
  }

  private async _time(shelf: IShelf, place: IPlace): Promise<string | null> {
    const { project, version } = place;
    return (await this._api.version(shelf.id, project, version)).published;
  }

  /** Folders of installed trees that were listed: a browser that opens one does not say that it is one. */
  private _folders = new Set<string>();
  private _isDisposed = false;
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
}

/** All rows of a list that comes in pages. */
async function allPages<P extends IPage, R>(
  page: (offset: number) => Promise<P>,
  rowsOf: (page: P) => R[]
): Promise<R[]> {
  const rows: R[] = [];
  for (;;) {
    const got = await page(rows.length);
    const more = rowsOf(got);
    rows.push(...more);
    if (rows.length >= got.total || more.length === 0) {
      return rows;
    }
  }
}

function refuse(): Promise<never> {
  return Promise.reject(
    new Error(
      'The shelf is read-only: only curators change it, with cloudshelf publish. Copy the file to the workspace to change the copy.'
    )
  );
}
