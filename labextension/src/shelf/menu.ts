import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../commands/ids';
import { argsOf, type ShelfNode } from './nodes';

const FOR_VERSIONS = [
  CommandIDs.use,
  CommandIDs.insertCell,
  CommandIDs.copyRequirement,
  CommandIDs.showDetails
];

/** The commands of each kind of node, in the order of the menu. */
const COMMANDS: Record<ShelfNode['kind'], string[]> = {
  shelf: [CommandIDs.openDrive, CommandIDs.refresh],
  project: FOR_VERSIONS,
  version: FOR_VERSIONS,
  entry: [CommandIDs.openFile, CommandIDs.copyToWorkspace]
};

/** Open the menu of a node. Only commands of ours are in it: it is not Lab's own context menu. */
export function openMenu(
  commands: CommandRegistry,
  node: ShelfNode,
  x: number,
  y: number
): void {
  const menu = new Menu({ commands });
  menu.addClass('cloudshelf-Menu');
  const args = { ...argsOf(node) } as ReadonlyJSONObject;
  for (const command of COMMANDS[node.kind]) {
    if (commands.hasCommand(command) && commands.isVisible(command, args)) {
      menu.addItem({ command, args });
    }
  }
  const opener = document.activeElement;
  menu.aboutToClose.connect(() => {
    if (opener instanceof HTMLElement) {
      opener.focus({ preventScroll: true });
    }
  });
  menu.open(x, y);
}
