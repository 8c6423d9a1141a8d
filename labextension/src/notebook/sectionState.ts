import type { NotebookLink } from './link';

/** What the section is in, in the words that it shows to style sheets and tests. */
export type SectionState =
  | 'empty'
  | 'loading'
  | 'no-kernel'
  | 'dead'
  | 'busy'
  | 'not-python'
  | 'no-extension'
  | 'ready';

export function stateOf(link: NotebookLink | null): SectionState {
  if (!link) {
    return 'empty';
  }
  switch (link.status) {
    case 'starting':
      return 'loading';
    case 'waiting':
      return link.busy ? 'busy' : 'loading';
    default:
      return link.status;
  }
}
