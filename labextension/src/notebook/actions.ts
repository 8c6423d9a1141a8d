import type { TranslationBundle } from '@jupyterlab/translation';

import type { ShelfApi } from '../api';
import { ChannelError } from '../channel';
import { chooseVersion, confirmPlan, confirmRestart } from './dialogs';
import { METADATA_KEY, type NotebookLink } from './link';

/** What the kernel calls it when another version is loaded already, which only a restart helps against. */
const LOADED = 'AlreadyLoaded';

/** Pin a requirement in the kernel. Where another version is loaded, offers the restart. */
export async function use(
  link: NotebookLink,
  requirement: string,
  trans: TranslationBundle
): Promise<void> {
  try {
    await link.request('use', { requirements: [requirement] });
  } catch (error) {
    if (!isLoaded(error) || !(await confirmRestart(error.message, trans))) {
      throw error;
    }
    await restartWith(link, [requirement]);
  }
}

/** Have the user choose another version, show what would change, and pin it: the requirement, null where they went away. */
export async function switchVersion(
  link: NotebookLink,
  api: ShelfApi,
  project: string,
  wanted: string | undefined,
  trans: TranslationBundle
): Promise<string | null> {
  const pin = link.state?.pins.find(pin => pin.project === project);
  const version =
    wanted ??
    (await chooseVersion(
      await findProject(api, project),
      pin?.version ?? null,
      trans
    ));
  if (!version) {
    return null;
  }
  const requirement = `${project}==${version}`;
  const requirements = [requirement];
  const plan = await link.request('plan', { requirements });
  if (!(await confirmPlan(requirement, plan, trans))) {
    return null;
  }
  if (plan.problem) {
    await restartWith(link, requirements);
  } else {
    await link.request('use', { requirements });
  }
  return requirement;
}

/** Put what is pinned into the notebook's metadata, and save it. Resolves with what is to be said of it. */
export async function writeLock(link: NotebookLink): Promise<string[]> {
  const { model, context } = link.panel;
  if (!model) {
    throw new Error('The notebook is not loaded yet; try again.');
  }
  const { block, notes } = await link.request('block', {});
  model.setMetadata(METADATA_KEY, block);
  await context.save();
  return notes;
}

/** Pin exactly what the notebook's lock has. Where other versions are loaded, offers the restart. */
export async function restoreLock(
  link: NotebookLink,
  trans: TranslationBundle
): Promise<void> {
  const { block } = link;
  if (!block) {
    throw new Error(
      trans.__('This notebook carries no lock; write one into it first.')
    );
  }
  const args = { block, path: link.panel.context.path };
  try {
    await link.request('restore', args);
  } catch (error) {
    if (!isLoaded(error) || !(await confirmRestart(error.message, trans))) {
      throw error;
    }
    await restart(link);
    await link.request('restore', args);
  }
}

/** Restart with what waits for it, or with these requirements, once the kernel has stored them. */
export async function restartWith(
  link: NotebookLink,
  requirements: string[]
): Promise<void> {
  await link.request('wish', { requirements });
  await restart(link);
}

/** Restart the kernel and load the extension again, which pins what was wished for. */
export async function restart(link: NotebookLink): Promise<void> {
  await link.panel.sessionContext.restartKernel();
  await link.loadExtension();
  await link.whenReady();
}

/** The project on the first shelf that has it, as the kernel would look for it. */
async function findProject(
  api: ShelfApi,
  project: string
): ReturnType<ShelfApi['project']> {
  const { shelves } = await api.shelves();
  let problem: unknown = new Error(
    `No shelf is configured in the Jupyter server, so the versions of ${project} are not known.`
  );
  for (const shelf of shelves) {
    try {
      return await api.project(shelf.id, project);
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

function isLoaded(error: unknown): error is ChannelError {
  return error instanceof ChannelError && error.name === LOADED;
}
