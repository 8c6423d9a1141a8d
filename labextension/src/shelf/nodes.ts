import type { IEntry, IProjectRow, IShelf, IVersionRow } from '../api';
import type { ICommandArgs } from '../commands/ids';

/** What a row of the tree stands for. */
export type ShelfNode =
  | { kind: 'shelf'; shelf: string; row: IShelf }
  | { kind: 'project'; shelf: string; project: string; row: IProjectRow }
  | {
      kind: 'version';
      shelf: string;
      project: string;
      version: string;
      row: IVersionRow;
    }
  | {
      kind: 'entry';
      shelf: string;
      project: string;
      version: string;
      path: string;
      row: IEntry;
    };

/** A name that stays when the lists around it change; folders of versions have the path besides. */
export function nodeId(node: ShelfNode): string {
  const { shelf, project, version, path } = argsOf(node);
  const parts = [shelf, project, version, path];
  return JSON.stringify(parts.filter(part => part !== undefined));
}

/** What commands are told of a node. */
export function argsOf(node: ShelfNode): ICommandArgs {
  switch (node.kind) {
    case 'shelf':
      return { shelf: node.shelf };
    case 'project':
      return { shelf: node.shelf, project: node.project };
    case 'version':
      return {
        shelf: node.shelf,
        project: node.project,
        version: node.version
      };
    case 'entry':
      return {
        shelf: node.shelf,
        project: node.project,
        version: node.version,
        path: node.path
      };
  }
}

export function labelOf(node: ShelfNode): string {
  switch (node.kind) {
    case 'shelf':
      return node.row.name || node.row.url;
    case 'project':
      return node.project;
    case 'version':
      return node.version;
    case 'entry':
      return node.row.name;
  }
}

export function isFolder(node: ShelfNode): boolean {
  return node.kind !== 'entry' || node.row.type === 'directory';
}
