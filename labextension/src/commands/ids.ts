/** Every command of ours; all take {shelf, project, version, path} as far as they need it. */
export const CommandIDs = {
  use: 'cloudshelf:use',
  drop: 'cloudshelf:drop',
  switchVersion: 'cloudshelf:switch-version',
  writeLock: 'cloudshelf:write-lock',
  restoreLock: 'cloudshelf:restore-lock',
  insertCell: 'cloudshelf:insert-cell',
  copyRequirement: 'cloudshelf:copy-requirement',
  showDetails: 'cloudshelf:show-details',
  openFile: 'cloudshelf:open-file',
  copyToWorkspace: 'cloudshelf:copy-to-workspace',
  openDrive: 'cloudshelf:open-drive',
  showWaterfall: 'cloudshelf:show-waterfall',
  refresh: 'cloudshelf:refresh',
  newNotebookFromLock: 'cloudshelf:new-notebook-from-lock',
  loadExtension: 'cloudshelf:load-extension',
  cancel: 'cloudshelf:cancel',
  restartKernel: 'cloudshelf:restart-kernel',
  focusFilter: 'cloudshelf:focus-filter'
} as const;

/** What commands are told; `shelf` is a shelf's id. */
export interface ICommandArgs {
  /** In place of project and version: as one types it. */
  requirement?: string;
  shelf?: string;
  project?: string;
  version?: string;
  path?: string;
}
