import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { answerRequest, TARGET } from './answer';
import { askerOf } from './asker';

/** Takes the lock that `%shelf lock --notebook` asks the notebook's editor to keep. */
export const savingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'cloudshelf:saving',
  description: 'Puts the lock that a kernel sends into the notebook.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    tracker: INotebookTracker,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('cloudshelf');

    const listen = (kernel: Kernel.IKernelConnection): void => {
      kernel.registerCommTarget(TARGET, (comm, msg) => {
        const panels = tracker.filter(
          panel => panel.sessionContext.session?.kernel?.id === kernel.id
        );
        const asker = askerOf(panels, msg);
        if (!asker) {
          return; // another page's, which answers
        }
        // Not awaited: the kernel's messages would wait for the file to be saved.
        void answerRequest(asker, msg.content.data, trans).then(answer => {
          if (!comm.isDisposed) {
            comm.send(answer);
          }
        });
      });
    };

    const follow = (panel: NotebookPanel): void => {
      const { sessionContext } = panel;
      const now = sessionContext.session?.kernel;
      if (now) {
        listen(now);
      }
      sessionContext.kernelChanged.connect((_, { newValue }) => {
        if (newValue) {
          listen(newValue);
        }
      });
    };
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_, panel) => follow(panel));
  }
};
