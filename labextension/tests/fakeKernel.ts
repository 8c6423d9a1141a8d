import type { IState, KernelMessage as Said } from '../src/channel';

/** A kernel's end of comms, which does what the test says. */
export class FakeKernel {
  readonly comms: FakeComm[] = [];
  language = 'python';
  readonly supportsSubshells = false;
  readonly isDisposed = false;
  status = 'idle';

  get info(): Promise<unknown> {
    return Promise.resolve({ language_info: { name: this.language } });
  }

  createComm(): FakeComm {
    const comm = new FakeComm();
    this.comms.push(comm);
    return comm;
  }
}

export class FakeComm {
  isDisposed = false;
  opened: unknown = null;
  sent: { type: string; id?: number; verb?: string }[] = [];
  onMsg: (msg: unknown) => void = () => undefined;
  onClose: (msg: unknown) => void = () => undefined;

  open(data: unknown): void {
    this.opened = data;
  }

  send(data: { type: string }): void {
    this.sent.push(data);
  }

  close(): void {
    this.onClose({});
    this.dispose();
  }

  dispose(): void {
    this.isDisposed = true;
  }

  /** The kernel says something. */
  says(data: Said): void {
    this.onMsg({ content: { data } });
  }
}

/** A state with nothing in it but what tests tell apart. */
export const stateOf = (seq: number, requirements: string[] = []): IState => ({
  version: 1,
  seq,
  cloudshelf: '0.1.0',
  shelf: null,
  requirements,
  pins: [],
  provided: {},
  busy: null,
  totals: { bytes: 0, fetched: 0 },
  notebook: null,
  restart: null,
  problem: null
});
