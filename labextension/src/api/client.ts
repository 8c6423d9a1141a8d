import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ApiError } from './errors';
import type {
  IEntry,
  IFiles,
  ILock,
  ILockRow,
  IProject,
  IProjects,
  IShelves,
  IVersion,
  IVersionDiff,
  NotebookBlock
} from './types';

/** What may be said with every request: a signal that gives it up. */
export interface IRequestOptions {
  signal?: AbortSignal;
}

export interface IPageOptions extends IRequestOptions {
  offset?: number;
  limit?: number;
}

type Query = Record<string, string | number | undefined>;

/**
 * The server extension's REST API, one method a resource.
 *
 * Every method rejects with ApiError where the server says no, with an AbortError where the caller's signal gave up, and with
 * ServerConnection.NetworkError where the Jupyter server does not answer.
 */
export class ShelfApi {
  constructor(readonly settings: ServerConnection.ISettings) {}

  shelves(options: IRequestOptions = {}): Promise<IShelves> {
    return this._get(['shelves'], {}, options);
  }

  /** Say that somebody still looks: the server watches the catalogs for ten minutes after it was asked something. */
  async stay(): Promise<void> {
    await this._get(['shelves'], { no_track_activity: 1 }, {});
  }

  /** Projects of which name, summary or a module has every word of `q`. */
  projects(
    shelf: string,
    q: string,
    options: IPageOptions = {}
  ): Promise<IProjects> {
    const { offset, limit } = options;
    return this._get(
      ['shelves', shelf, 'projects'],
      { q: q || undefined, offset, limit },
      options
    );
  }

  project(
    shelf: string,
    project: string,
    options: IRequestOptions = {}
  ): Promise<IProject> {
    return this._get(['shelves', shelf, 'projects', project], {}, options);
  }

  version(
    shelf: string,
    project: string,
    version: string,
    options: IRequestOptions = {}
  ): Promise<IVersion> {
    return this._get(versionParts(shelf, project, version), {}, options);
  }

  /** A folder of the installed tree, folders first; without a path, where browsing begins. */
  files(
    shelf: string,
    project: string,
    version: string,
    path: string,
    options: IPageOptions = {}
  ): Promise<IFiles> {
    const { offset, limit } = options;
    return this._get(
      [...versionParts(shelf, project, version), 'files'],
      { path, offset, limit },
      options
    );
  }

  /** Whether a path of the installed tree is a file or a folder. */
  entry(
    shelf: string,
    project: string,
    version: string,
    path: string,
    options: IRequestOptions = {}
  ): Promise<IEntry> {
    return this._get(
      [...versionParts(shelf, project, version), 'entry'],
      { path },
      options
    );
  }

  /** The bytes of a file, as the server sends them. */
  async content(
    shelf: string,
    project: string,
    version: string,
    path: string,
    options: IRequestOptions = {}
  ): Promise<Response> {
    const parts = [...versionParts(shelf, project, version), 'content'];
    const response = await this._request(this._url(parts, { path }), options);
    await raiseFor(response);
    return response;
  }

  diff(
    shelf: string,
    project: string,
    from: string,
    to: string,
    options: IRequestOptions = {}
  ): Promise<IVersionDiff> {
    return this._get(
      ['shelves', shelf, 'projects', project, 'diff'],
      { from, to },
      options
    );
  }

  locks(
    shelf: string,
    options: IRequestOptions = {}
  ): Promise<{ locks: ILockRow[] }> {
    return this._get(['shelves', shelf, 'locks'], {}, options);
  }

  lock(
    shelf: string,
    name: string,
    options: IRequestOptions = {}
  ): Promise<ILock> {
    // A lock's name has slashes (team/2026q4), which part the path as they part the name.
    return this._get(
      ['shelves', shelf, 'locks', ...name.split('/')],
      {},
      options
    );
  }

  /** The block that puts a lock, the text of a pylock.toml, into a notebook. */
  async lockBlock(
    text: string,
    options: IRequestOptions = {}
  ): Promise<NotebookBlock> {
    const url = this._url(['locks', 'block'], {});
    const response = await this._request(url, options, { text });
    await raiseFor(response);
    return ((await response.json()) as { block: NotebookBlock }).block;
  }

  private async _get<T>(
    parts: string[],
    query: Query,
    options: IRequestOptions
  ): Promise<T> {
    const response = await this._request(this._url(parts, query), options);
    await raiseFor(response);
    return (await response.json()) as T;
  }

  private _url(parts: string[], query: Query): string {
    const path = parts.map(encodeURIComponent).join('/');
    const said = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        said.set(name, String(value));
      }
    }
    const after = said.size ? `?${said}` : '';
    return URLExt.join(this.settings.baseUrl, 'cloudshelf/api', path) + after;
  }

  /** The browser keeps answers, and has them confirmed by their ETag; Lab's own `no-store` would fetch them again. */
  private async _request(
    url: string,
    options: IRequestOptions,
    body?: object
  ): Promise<Response> {
    const { signal } = options;
    const init: RequestInit = { cache: 'no-cache' };
    if (signal) {
      init.signal = signal;
    }
    if (body) {
      init.method = 'POST';
      init.body = JSON.stringify(body);
    }
    try {
      return await ServerConnection.makeRequest(url, init, this.settings);
    } catch (error) {
      signal?.throwIfAborted(); // Lab calls it a network error
      throw error;
    }
  }
}

function versionParts(
  shelf: string,
  project: string,
  version: string
): string[] {
  return ['shelves', shelf, 'projects', project, 'versions', version];
}

async function raiseFor(response: Response): Promise<void> {
  if (response.ok) {
    return;
  }
  const said = await readProblem(response);
  throw new ApiError(response.status, {
    name: said.name ?? 'ServerError',
    message:
      said.message ??
      `The Jupyter server answered ${response.status} ${response.statusText}; see its log.`,
    ask: said.ask ?? null,
    retry: said.retry ?? response.status >= 500
  });
}

interface ISaidProblem {
  name?: string;
  message?: string;
  ask?: string | null;
  retry?: boolean;
}

/** What the server says; nothing where it is not our extension that answered, a proxy for example. */
async function readProblem(response: Response): Promise<ISaidProblem> {
  try {
    const body = (await response.json()) as { error?: ISaidProblem };
    return body.error ?? {};
  } catch {
    return {};
  }
}
