import { LabIcon } from '@jupyterlab/ui-components';

import shelfSvg from '../style/icons/shelf.svg';

/** Its class `jp-icon3` takes the theme's colours. */
export const shelfIcon = new LabIcon({
  name: 'cloudshelf:shelf',
  svgstr: shelfSvg
});
