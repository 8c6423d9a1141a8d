/** The kernel's picture as an image: what an SVG in an <img> says is drawn, and neither run nor loaded. */

const VARIABLE = /var\((--jp-[\w-]+)(?:,[^()]*)?\)/g;

/**
 * The address of the picture, in the colours of the page: an image does not see the page's style.
 *
 * `colour` gives the value of one of the theme's variables.
 */
export function pictureUrl(
  svg: string,
  colour: (variable: string) => string
): string {
  const coloured = svg
    .replace(VARIABLE, (whole, name: string) => plain(colour(name)) || whole)
    .replace(/currentColor/g, plain(colour('--jp-ui-font-color1')) || 'gray');
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(coloured)}`;
}

/** A theme's value goes into an attribute of the picture. */
function plain(value: string): string {
  return value.trim().replace(/["'<>&;]/g, '');
}
