/** Answers that a test gives when it wants, in the order that it wants. */
import { PromiseDelegate } from '@lumino/coreutils';

export interface IAsked<T> {
  /** What the question was. */
  key: string | number;
  signal: AbortSignal;
  promise: Promise<T>;
  resolve: (answer: T) => void;
  reject: (error: unknown) => void;
}

/** A question that waits for its answer; like fetch, it is rejected when it is given up. */
export function asked<T>(key: string | number, signal: AbortSignal): IAsked<T> {
  const delegate = new PromiseDelegate<T>();
  signal.addEventListener('abort', () =>
    delegate.reject(new DOMException('given up', 'AbortError'))
  );
  return {
    key,
    signal,
    promise: delegate.promise,
    resolve: answer => delegate.resolve(answer),
    reject: error => delegate.reject(error)
  };
}

/** Let everything go on that waits for a promise which is settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}
