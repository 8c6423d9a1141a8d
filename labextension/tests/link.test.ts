import type { NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import { NotebookLink } from '../src/notebook/link';
import { type FakeComm, FakeKernel, stateOf } from './fakeKernel';
import { settled } from './later';

/** A notebook of which the test says what its session does. */
class FakeNotebook {
  kernel: FakeKernel | null = new FakeKernel();
  metadata: Record<string, unknown> = {};
  isReady = true;
  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, string>(this);
  readonly connectionStatusChanged = new Signal<this, string>(this);
  readonly iopubMessage = new Signal<this, unknown>(this);
  readonly pathChanged = new Signal<this, unknown>(this);
  readonly metadataChanged = new Signal<this, unknown>(this);

  readonly link: NotebookLink;

  constructor(language = 'python') {
    if (this.kernel) {
      this.kernel.language = language;
    }
    const kernel = (): FakeKernel | null => this.kernel;
    const sessionContext = Object.assign(this, {
      session: {
        get kernel() {
          return kernel();
        }
      }
    });
    this.link = new NotebookLink({
      isDisposed: false,
      sessionContext,
      context: {
        ready: Promise.resolve(),
        path: 'a.ipynb',
        pathChanged: this.pathChanged
      },
      model: {
        metadataChanged: this.metadataChanged,
        getMetadata: (key: string) => this.metadata[key]
      }
    } as unknown as NotebookPanel);
  }

  /** The comm that was opened last. */
  get comm(): FakeComm {
    return this.kernel?.comms.at(-1) as FakeComm;
  }

  becomes(status: string): void {
    if (this.kernel) {
      this.kernel.status = status;
    }
    this.statusChanged.emit(status);
  }

  runs(code: string): void {
    const parent_header = { msg_id: code };
    const say = (msg_type: string, content: unknown): void =>
      this.iopubMessage.emit({ header: { msg_type }, parent_header, content });
    say('execute_input', { code });
    say('status', { execution_state: 'idle' });
  }
}

async function ready(): Promise<FakeNotebook> {
  const notebook = new FakeNotebook();
  await settled();
  notebook.comm.says({ type: 'state', state: stateOf(1, ['numpy']) });
  return notebook;
}

describe('the link to a notebook', () => {
  it('has the pins when the kernel has said them', async () => {
    const notebook = new FakeNotebook();
    await settled();
    expect(notebook.link.status).toBe('waiting');
    notebook.comm.says({ type: 'state', state: stateOf(1, ['numpy']) });
    expect(notebook.link.status).toBe('ready');
    expect(notebook.link.state?.requirements).toEqual(['numpy']);
  });

  it('tells the kernel which lock the notebook carries, first and when that changes', async () => {
    const notebook = await ready();
    notebook.metadata = { cloudshelf: { digest: 'd' } };
    notebook.metadataChanged.emit({ key: 'other' });
    notebook.metadataChanged.emit({ key: 'cloudshelf' });
    expect(notebook.comm.sent).toMatchObject([
      { verb: 'notebook', args: { block: null, path: 'a.ipynb' } },
      { verb: 'notebook', args: { block: { digest: 'd' } } }
    ]);
  });

  it('asks another kernel once it is there after a restart, and not while it restarts', async () => {
    const notebook = await ready();
    const before = notebook.kernel?.comms.length;
    notebook.becomes('restarting');
    notebook.connectionStatusChanged.emit('connecting');
    notebook.connectionStatusChanged.emit('connected');
    await settled();
    expect(notebook.link.status).toBe('starting');
    expect(notebook.kernel?.comms).toHaveLength(before ?? 0);
    notebook.becomes('idle');
    await settled();
    notebook.comm.says({ type: 'state', state: stateOf(1, []) });
    expect(notebook.link.state?.requirements).toEqual([]);
  });

  it('asks again after a lost connection, whose changes are lost with it', async () => {
    const notebook = await ready();
    notebook.connectionStatusChanged.emit('connecting');
    notebook.connectionStatusChanged.emit('connected');
    await settled();
    notebook.comm.says({ type: 'state', state: stateOf(9, ['pandas']) });
    expect(notebook.link.state?.requirements).toEqual(['pandas']);
  });

  it('asks again when a cell may have loaded the extension, and only then', async () => {
    const notebook = new FakeNotebook();
    await settled();
    notebook.comm.onClose({});
    expect(notebook.link.status).toBe('no-extension');
    notebook.runs('1 + 1');
    await settled();
    expect(notebook.kernel?.comms).toHaveLength(1);
    notebook.runs('%load_ext cloudshelf');
    await settled();
    notebook.comm.says({ type: 'state', state: stateOf(1) });
    expect(notebook.link.status).toBe('ready');
  });

  it('asks nothing of a kernel of another language', async () => {
    const notebook = new FakeNotebook('R');
    await settled();
    expect(notebook.link.status).toBe('not-python');
    expect(notebook.kernel?.comms).toEqual([]);
  });

  it('says that a kernel died, and that there is none', async () => {
    const notebook = await ready();
    notebook.becomes('dead');
    expect(notebook.link.status).toBe('dead');
    expect(notebook.link.state).toBeNull();
    notebook.kernel = null;
    notebook.kernelChanged.emit({});
    expect(notebook.link.status).toBe('no-kernel');
  });
});
