import { LabIcon } from '@jupyterlab/ui-components';

import shelfSvg from '../style/icons/shelf.svg';
import lockSvg from '../style/icons/lock.svg';

/** Lab colours `jp-icon3` for the theme, light and dark. */
export const shelfIcon = new LabIcon({
  name: 'cloudshelf:shelf',
  svgstr: shelfSvg
});

export const lockIcon = new LabIcon({
  name: 'cloudshelf:lock',
  svgstr: lockSvg
});
