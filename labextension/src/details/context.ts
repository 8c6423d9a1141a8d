/** What every part of a details tab needs, so that it need not be handed down. */

import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { createContext, useContext } from 'react';

import type { ShelfApi } from '../api';
import type { ISubject } from './types';

export interface IDetailsContext {
  readonly api: ShelfApi;
  readonly rendermime: IRenderMimeRegistry;
  readonly trans: TranslationBundle;
  /** Run one of our commands on a project or a version. */
  readonly run: (command: string, subject: ISubject) => void;
}

export const DetailsContext = createContext<IDetailsContext | null>(null);

export function useDetails(): IDetailsContext {
  const context = useContext(DetailsContext);
  if (!context) {
    throw new Error('A part of the details stands outside of their tab.');
  }
  return context;
}
