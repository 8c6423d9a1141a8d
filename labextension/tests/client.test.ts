// @vitest-environment node
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerConnection } from '@jupyterlab/services';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ApiError, isAborted, ShelfApi } from '../src/api';

let server: Server;
let api: ShelfApi;
let requests: IncomingMessage[] = [];

const LOCKED = {
  error: {
    name: 'Denied',
    message: 'You may not read secret; ask its curators.',
    ask: 'mailto:curators@example.org',
    retry: false
  }
};

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    const path = request.url ?? '';
    if (path.includes('never')) {
      return; // an answer that does not come
    }
    if (path.includes('secret')) {
      response.writeHead(403, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(LOCKED));
    } else if (path.includes('proxy')) {
      response.writeHead(502, { 'Content-Type': 'text/html' });
      response.end('<h1>Bad gateway</h1>');
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ total: 1, offset: 0, projects: [path] }));
    }
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  api = new ShelfApi(
    ServerConnection.makeSettings({
      baseUrl: `http://127.0.0.1:${port}/user/me/`
    })
  );
});

beforeEach(() => {
  requests = [];
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('the REST client', () => {
  it('asks below the base URL, and leaves out what was not given', async () => {
    await api.projects('s', '', { limit: 100 });
    expect(requests[0].url).toBe(
      '/user/me/cloudshelf/api/shelves/s/projects?limit=100'
    );
  });

  it('keeps odd names in their place in the path', async () => {
    await api.version('s', 'a/b', '1.0+cpu?#');
    expect(requests[0].url).toBe(
      '/user/me/cloudshelf/api/shelves/s/projects/a%2Fb/versions/1.0%2Bcpu%3F%23'
    );
    await api.files('s', 'p', '1', '../..&x=%2f');
    expect(requests[1].url).toContain('path=..%2F..%26x%3D%252f');
  });

  it('says why something is locked, and whom to ask', async () => {
    const error: unknown = await api
      .project('s', 'secret')
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      name: 'Denied',
      locked: true,
      problem: { ask: 'mailto:curators@example.org', retry: false }
    });
  });

  it('has a sentence where it is not the extension that answered', async () => {
    await expect(api.project('s', 'proxy')).rejects.toMatchObject({
      status: 502,
      message: expect.stringContaining('answered 502') as string,
      problem: { retry: true }
    });
  });

  it('gives up when its caller does', async () => {
    const controller = new AbortController();
    const answer = api.project('s', 'never', { signal: controller.signal });
    controller.abort();
    const error: unknown = await answer.catch((error: unknown) => error);
    expect(isAborted(error)).toBe(true);
  });
});
