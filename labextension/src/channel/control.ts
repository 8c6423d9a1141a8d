/** What is asked of a kernel over its control channel: it answers while a cell runs, to a page that is new, too. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';

/** What a kernel says of itself (https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-info). */
export interface IKernelInfo {
  language_info: { name: string };
  supported_features?: string[];
}

/** Milliseconds that a kernel has to make a subshell; then one goes on without. */
const PATIENCE = 5000;

/** What the kernel is. Kernels that answer this on their shell only do so after the running cell. */
export async function infoOf(
  kernel: Kernel.IKernelConnection
): Promise<IKernelInfo> {
  let asked: Kernel.IControlFuture | null = null;
  const answer = async (): Promise<IKernelInfo> => {
    await connected(kernel); // Lab refuses to keep this question until then
    asked = ask(kernel, 'kernel_info_request', {});
    return (await asked.done).content as unknown as IKernelInfo;
  };
  try {
    return await Promise.any([answer(), kernel.info]);
  } finally {
    (asked as Kernel.IControlFuture | null)?.dispose();
  }
}

/** Resolves when there is a connection to the kernel. */
function connected(kernel: Kernel.IKernelConnection): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (kernel.connectionStatus === 'connected') {
        kernel.connectionStatusChanged.disconnect(look);
        resolve();
      }
    };
    kernel.connectionStatusChanged.connect(look);
    look();
  });
}

/**
 * A new subshell of the kernel (https://jupyter.org/enhancement-proposals/91-kernel-subshells); null where it has none.
 *
 * What is sent to it does not wait for the running cell.
 */
export async function startSubshell(
  kernel: Kernel.IKernelConnection
): Promise<string | null> {
  const { supported_features: features = [] } = await infoOf(kernel);
  if (!features.includes('kernel subshells')) {
    return null;
  }
  const asked = ask(kernel, 'create_subshell_request', {});
  const late = new Promise<null>(resolve =>
    setTimeout(() => resolve(null), PATIENCE)
  );
  const answer = await Promise.race([asked.done.catch(() => null), late]);
  const { subshell_id: id } = (answer?.content ?? {}) as {
    subshell_id?: string;
  };
  return id ?? null;
}

/** End a subshell; nothing waits for it. */
export function endSubshell(
  kernel: Kernel.IKernelConnection,
  subshell: string
): void {
  ask(kernel, 'delete_subshell_request', {
    subshell_id: subshell
  }).done.catch(() => undefined); // the kernel went away, and it with it
}

function ask(
  kernel: Kernel.IKernelConnection,
  msgType: string,
  content: object
): Kernel.IControlFuture {
  const msg = KernelMessage.createMessage({
    msgType, // one of several, and Lab has a type for each
    channel: 'control',
    username: kernel.username,
    session: kernel.clientId,
    content
  } as KernelMessage.IOptions<KernelMessage.ICreateSubshellRequestMsg>);
  const future = kernel.sendControlMessage(msg, true);
  future.done.catch(() => undefined); // whoever asked is told
  return future;
}
