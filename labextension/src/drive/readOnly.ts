/** Lab's editor lets one type into a file that it cannot save; in files of the shelf it does not. */

import type { CodeEditor } from '@jupyterlab/codeeditor';
import type {
  DocumentRegistry,
  IDocumentWidget
} from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';

import { DRIVE } from './place';

/** The name of Lab's factory of editors. */
export const EDITOR = 'Editor';

/** Makes the editors of the drive's files read-only, those too that a reload restores. */
export const readOnlyEditors: DocumentRegistry.WidgetExtension = {
  createNew: (widget, context) => {
    if (context.path.startsWith(`${DRIVE}:`)) {
      void context.ready.then(() =>
        editorOf(widget)?.setOption('readOnly', true)
      );
    }
  }
};

function editorOf(widget: Widget): CodeEditor.IEditor | undefined {
  const { content } = widget as IDocumentWidget<
    Widget & { editor?: CodeEditor.IEditor }
  >;
  return content.editor;
}
