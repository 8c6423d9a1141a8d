import { ServerConnection } from '@jupyterlab/services';
import { beforeEach, describe, expect, it } from 'vitest';

import { ShelfApi } from '../../src/api';
import { ShelfDrive } from '../../src/drive/drive';

const V = '/cloudshelf/api/shelves/s1/projects/pandas/versions/2.2';
const TOO_LARGE = 'big.bin has 1 GB, and 32 MiB may be opened.';

/** A server of one shelf: what it holds, and which requests came. */
class Server {
  readonly requests: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  projects = ['numpy', 'pandas'];
  folder = 3;

  answer(request: Request): Response {
    const url = new URL(request.url);
    const path = url.searchParams.get('path') ?? '';
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const limit = Math.min(Number(url.searchParams.get('limit') ?? 100), 500);
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    switch (url.pathname) {
      case '/cloudshelf/api/shelves':
        return json({
          shelves: [
            { id: 's1', name: 'team', url: 's3://x', state: 'ok', error: null }
          ],
          origin: 'test'
        });
      case '/cloudshelf/api/shelves/s1/projects':
        return json({
          total: this.projects.length,
          offset,
          projects: this.projects
            .slice(offset, offset + limit)
            .map(project => ({ project }))
        });
      case '/cloudshelf/api/shelves/s1/projects/pandas':
        return json({
          project: 'pandas',
          versions: [{ version: '2.2', default: true, yanked: null }]
        });
      case V:
        return json({ published: '2026-11-01T00:00:00Z' });
      case `${V}/files`: {
        if (path !== '' && path !== 'pandas') {
          return problem(404, 'PathMissing', `There is no folder ${path}.`);
        }
        const names = Array.from({ length: this.folder }, (_, i) => `m${i}.py`);
        const entries = names.map(name => ({
          name,
          path: `${path || 'pandas'}/${name}`,
          type: 'file',
          size: 1,
          mimetype: 'text/plain'
        }));
        return json({
          path,
          total: names.length,
          offset,
          entries: entries.slice(offset, offset + limit)
        });
      }
      case `${V}/entry`: {
        const size = path === 'big.bin' ? 1e9 : this.files.get(path)?.length;
        const type = path === 'pandas' ? 'directory' : 'file';
        return size === undefined && type === 'file'
          ? problem(404, 'PathMissing', `There is no file ${path}.`)
          : json({ name: path, path, type, size: size ?? 0, mimetype: null });
      }
      case `${V}/content`: {
        if (path === 'big.bin') {
          return problem(413, 'TooLarge', TOO_LARGE);
        }
        const bytes = this.files.get(path);
        return bytes
          ? new Response(bytes.slice(), {
              headers: {
                'Content-Type': 'text/plain; charset=utf-8',
                'Content-Length': String(bytes.length)
              }
            })
          : problem(404, 'PathMissing', `There is no file ${path}.`);
      }
    }
    return problem(404, 'NotFound', url.pathname);
  }
}

const json = (body: unknown): Response =>
  new Response(JSON.stringify(body), {
    headers: {
      'Content-Type': 'application/json',
      ETag: `"${JSON.stringify(body).length}"`
    }
  });

const problem = (status: number, name: string, message: string): Response =>
  new Response(
    JSON.stringify({ error: { name, message, ask: null, retry: false } }),
    { status }
  );

let server: Server;
let drive: ShelfDrive;

beforeEach(() => {
  server = new Server();
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://127.0.0.1:1/',
    fetch: (input, init) =>
      Promise.resolve(server.answer(new Request(input, init)))
  });
  drive = new ShelfDrive(new ShelfApi(settings));
});

describe('folders of the drive', () => {
  it('are shelves, projects, versions and the installed tree', async () => {
    const names = async (path: string): Promise<string[]> =>
      ((await drive.get(path)).content as { path: string }[]).map(
        each => each.path
      );
    expect(await names('')).toEqual(['team']);
    expect(await names('team')).toEqual(['team/numpy', 'team/pandas']);
    expect(await names('team/pandas')).toEqual(['team/pandas/2.2']);
    // The top is the folder that is the only one there.
    expect(await names('team/pandas/2.2')).toContain(
      'team/pandas/2.2/pandas/m0.py'
    );
    expect(await names('team/pandas/2.2/pandas')).toContain(
      'team/pandas/2.2/pandas/m0.py'
    );
    expect(await names('s1/pandas')).toEqual(['s1/pandas/2.2']);
  });

  it('come whole, though the server gives pages', async () => {
    server.projects = Array.from({ length: 1234 }, (_, i) => `p${i}`);
    server.folder = 1700;
    expect((await drive.get('team')).content).toHaveLength(1234);
    expect(
      (await drive.get('team/pandas/2.2', { type: 'directory' })).content
    ).toHaveLength(1700);
    expect(
      server.requests.filter(each => each.includes('/projects?'))
    ).toHaveLength(3);
  });

  it('are read-only', async () => {
    const folder = await drive.get('team/pandas');
    const inside = folder.content as { writable: boolean }[];
    expect([folder, ...inside].map(each => each.writable)).toEqual([
      false,
      false
    ]);
  });

  it('are not read when only their existence is asked', async () => {
    const model = await drive.get('team', { content: false });
    expect(model).toMatchObject({ type: 'directory', content: null });
    expect(server.requests).toHaveLength(1);
  });

  it('of a shelf that is not there: a sentence with those that are', async () => {
    await expect(drive.get('other')).rejects.toThrow(
      'There is no shelf other here. Open one of: team.'
    );
  });
});

describe('files of the drive', () => {
  const at = (path: string): string => `team/pandas/2.2/${path}`;

  it('are text where they are text, else base64', async () => {
    server.files.set('a.py', new TextEncoder().encode('é = 1\n'));
    server.files.set('a.so', new Uint8Array([0x7f, 0x45, 0xff]));
    expect(await drive.get(at('a.py'))).toMatchObject({
      type: 'file',
      format: 'text',
      content: 'é = 1\n',
      writable: false,
      size: 7
    });
    expect(await drive.get(at('a.so'))).toMatchObject({
      format: 'base64',
      content: btoa('\x7fE\xff')
    });
    expect(await drive.get(at('a.py'), { format: 'base64' })).toMatchObject({
      format: 'base64'
    });
    await expect(drive.get(at('a.so'), { format: 'text' })).rejects.toThrow(
      'a.so is not text in UTF-8'
    );
  });

  it('have the time of their version, which Lab needs of what it opens', async () => {
    server.files.set('a.py', new TextEncoder().encode('x'));
    const model = await drive.get(at('a.py'));
    expect(model.last_modified).toBe('2026-11-01T00:00:00Z');
  });

  it('may be large', async () => {
    server.files.set('a.png', new Uint8Array(300_000).fill(255));
    const model = await drive.get(at('a.png'), { format: 'base64' });
    expect(atob(model.content as string)).toHaveLength(300_000);
  });

  it('that are notebooks are notebooks, and files where one asks for a file', async () => {
    const text = '{"nbformat": 4, "metadata": {}, "cells": []}';
    server.files.set('x.ipynb', new TextEncoder().encode(text));
    server.files.set('y.ipynb', new TextEncoder().encode('not JSON'));
    expect(await drive.get(at('x.ipynb'))).toMatchObject({
      type: 'notebook',
      format: 'json',
      content: { nbformat: 4 }
    });
    expect(
      await drive.get(at('x.ipynb'), { type: 'file', format: 'text' })
    ).toMatchObject({ type: 'file', content: text });
    await expect(drive.get(at('y.ipynb'))).rejects.toThrow(
      'y.ipynb is not a notebook'
    );
  });

  it('are there or not, without their bytes', async () => {
    server.files.set('a.py', new TextEncoder().encode('x'));
    expect(await drive.get(at('a.py'), { content: false })).toMatchObject({
      type: 'file',
      content: null,
      size: 1
    });
    expect(await drive.get(at('big.bin'), { content: false })).toMatchObject({
      type: 'file',
      content: null
    });
    expect(await drive.get(at('pandas'))).toMatchObject({ type: 'directory' });
    expect(server.requests.join()).not.toContain('/content');
    expect(await drive.get(at('pandas'), { content: false })).toMatchObject({
      type: 'directory'
    });
    await expect(drive.get(at('gone.py'), { content: false })).rejects.toThrow(
      'There is no file gone.py.'
    );
  });

  it('that are too large say so, in the words of the server', async () => {
    await expect(drive.get(at('big.bin'))).rejects.toThrow(TOO_LARGE);
  });

  it('with odd names are asked for by exactly that name', async () => {
    const name = 'a b/%2e%2e/é?#&=.py';
    server.files.set(name, new TextEncoder().encode('x'));
    expect(await drive.get(at(name))).toMatchObject({ content: 'x' });
    const url = new URL(await drive.getDownloadUrl(at(name)));
    expect(url.pathname).toBe(`${V}/content`);
    expect(url.searchParams.get('path')).toBe(name);
  });
});

describe('the drive is read-only', () => {
  const writes: [string, () => Promise<unknown>][] = [
    ['newUntitled', () => drive.newUntitled()],
    ['delete', () => drive.delete()],
    ['rename', () => drive.rename()],
    ['save', () => drive.save()],
    ['copy', () => drive.copy()],
    ['createCheckpoint', () => drive.createCheckpoint()],
    ['restoreCheckpoint', () => drive.restoreCheckpoint()],
    ['deleteCheckpoint', () => drive.deleteCheckpoint()]
  ];

  it.each(writes)(
    '%s is refused with a sentence, and nothing is asked',
    async (_name, write) => {
      await expect(write()).rejects.toThrow('The shelf is read-only');
      expect(server.requests).toEqual([]);
    }
  );

  it('and keeps no checkpoints', async () => {
    expect(await drive.listCheckpoints()).toEqual([]);
  });
});
