import type { Kernel } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { Channel } from '../src/channel';
import { type FakeComm, FakeKernel, stateOf as state } from './fakeKernel';
import { settled } from './later';

async function opened(): Promise<{ channel: Channel; comm: FakeComm }> {
  const kernel = new FakeKernel();
  const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
  await channel.open();
  const comm = kernel.comms[0];
  comm.says({ type: 'state', state: state(1) });
  return { channel, comm };
}

describe('a channel to a kernel that has subshells', () => {
  it('is open while a cell runs, which the page of the kernel does not know', async () => {
    const kernel = new FakeKernel();
    kernel.subshells = [];
    kernel.info = new Promise(() => undefined); // when the cell is done
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    await channel.open();
    kernel.comms[0].says({ type: 'state', state: state(1) });
    expect(channel.status).toBe('open');
    expect(kernel.comms[0].subshell).toBe('subshell-0');
  });

  it('waits for the connection, and not for the shell', async () => {
    const kernel = new FakeKernel();
    kernel.subshells = [];
    kernel.info = new Promise(() => undefined);
    kernel.connectionStatus = 'connecting';
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    const opening = channel.open();
    await settled();
    kernel.connectionStatus = 'connected';
    kernel.connectionStatusChanged.emit('connected');
    await opening;
    expect(kernel.comms[0].opened).toEqual({ version: 1 });
  });

  it('leaves none behind', async () => {
    const kernel = new FakeKernel();
    kernel.subshells = [];
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    await channel.open();
    await channel.open();
    await settled();
    expect(kernel.subshells).toEqual(['subshell-1']);
    channel.close();
    await settled();
    expect(kernel.subshells).toEqual([]);
  });

  it('that ends before its subshell has started leaves none either', async () => {
    const kernel = new FakeKernel();
    kernel.subshells = [];
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    const opening = channel.open();
    channel.close();
    await opening;
    await settled();
    expect(kernel.subshells).toEqual([]);
    expect(kernel.comms[0].opened).toBeNull();
  });

  it('tells a kernel that restarts nothing, since the next one would get it', async () => {
    const kernel = new FakeKernel();
    kernel.subshells = [];
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    await channel.open();
    kernel.status = 'restarting';
    kernel.sendShellMessage = () => expect.fail('it was told');
    channel.close();
    expect(kernel.comms[0].isDisposed).toBe(true);
  });
});

describe('a channel', () => {
  it('is open when the whole state has come', async () => {
    const kernel = new FakeKernel();
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    await channel.open();
    expect(kernel.comms[0].opened).toEqual({ version: 1 });
    expect(channel.status).toBe('opening');
    kernel.comms[0].says({ type: 'state', state: state(1) });
    expect(channel.status).toBe('open');
  });

  it('is absent where the kernel has no target for it', async () => {
    const kernel = new FakeKernel();
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    await channel.open();
    kernel.comms[0].onClose({});
    expect(channel.status).toBe('absent');
  });

  it('opens again after a restart, with another comm, and does not listen to the old one', async () => {
    const kernel = new FakeKernel();
    const channel = new Channel(kernel as unknown as Kernel.IKernelConnection);
    await channel.open();
    kernel.comms[0].says({ type: 'state', state: state(7, ['old']) });
    await channel.open();
    kernel.comms[1].says({ type: 'state', state: state(1, ['new']) });
    kernel.comms[0].says({ type: 'change', seq: 8, set: { requirements: [] } });
    expect(channel.state?.requirements).toEqual(['new']);
    expect(kernel.comms[0].isDisposed).toBe(true);
  });

  it('asks for the whole state when a change is missing', async () => {
    const { channel, comm } = await opened();
    comm.says({ type: 'change', seq: 3, set: { requirements: ['lost'] } });
    expect(channel.state?.requirements).toEqual([]);
    expect(comm.sent).toMatchObject([{ type: 'request', verb: 'state' }]);
    comm.says({ type: 'state', state: state(3, ['found']) });
    expect(channel.state?.requirements).toEqual(['found']);
  });

  it('gives each answer to who asked, in whatever order they come', async () => {
    const { channel, comm } = await opened();
    const first = channel.request('wish', { requirements: ['a'] });
    const second = channel.request('wish', { requirements: ['b'] });
    const [a, b] = comm.sent.map(each => each.id ?? 0);
    comm.says({ type: 'reply', id: b, ok: true, result: 'for b' });
    comm.says({ type: 'reply', id: a, ok: true, result: 'for a' });
    expect(await first).toBe('for a');
    expect(await second).toBe('for b');
  });

  it('passes progress on to who asked', async () => {
    const { channel, comm } = await opened();
    const seen: number[] = [];
    void channel.request('use', { requirements: ['a'] }, event =>
      seen.push(event.done)
    );
    const id = comm.sent[0].id ?? 0;
    const event = { stage: 's', total: 9, unit: 'bytes', what: '' };
    comm.says({ type: 'progress', id, event: { ...event, done: 4 } });
    comm.says({ type: 'progress', id: id + 1, event: { ...event, done: 5 } });
    expect(seen).toEqual([4]);
  });

  it('rejects with what the kernel says, and what helps', async () => {
    const { channel, comm } = await opened();
    const answer = channel.request('use', { requirements: ['numpy==1'] });
    comm.says({
      type: 'reply',
      id: comm.sent[0].id ?? 0,
      ok: false,
      error: { name: 'AlreadyLoaded', message: 'numpy is loaded', next: '%x' }
    });
    await expect(answer).rejects.toMatchObject({
      name: 'AlreadyLoaded',
      message: 'numpy is loaded',
      next: '%x'
    });
  });

  it('rejects what is under way when the kernel goes, and keeps what was known', async () => {
    const { channel, comm } = await opened();
    const answer = channel.request('use', { requirements: ['a'] });
    comm.onClose({});
    await expect(answer).rejects.toMatchObject({ name: 'ChannelClosed' });
    expect(channel.status).toBe('closed');
    expect(channel.state?.seq).toBe(1);
  });

  it('refuses to ask while it is not open, in a sentence', async () => {
    const { channel } = await opened();
    channel.close();
    await expect(channel.request('block', {})).rejects.toThrow('try again');
  });

  it('answers a kernel that asks whether it is there', async () => {
    const { comm } = await opened();
    comm.says({ type: 'ping' });
    await settled();
    expect(comm.sent).toEqual([{ type: 'pong' }]);
  });
});
