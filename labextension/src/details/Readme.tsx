import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IVersion } from '../api';
import { useDetails } from './context';
import { harden } from './harden';

/** Letters that are shown; what is longer than a book's chapter would freeze the page. */
const MOST = 400_000;

/** The README: Markdown rendered by Lab and hardened, anything else as the text that it is. */
export function Readme(props: {
  readme: IVersion['readme'];
}): React.JSX.Element {
  const { trans } = useDetails();
  return (
    <section data-section="readme">
      <h2>{trans.__('README')}</h2>
      <Body readme={props.readme} trans={trans} />
    </section>
  );
}

function Body(props: {
  readme: IVersion['readme'];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { readme, trans } = props;
  if (!readme?.text.trim()) {
    return <p>{trans.__('This version came without one.')}</p>;
  }
  const text = readme.text.slice(0, MOST);
  return (
    <>
      {readme.type === 'text/markdown' ? (
        <Markdown text={text} />
      ) : (
        <pre className="cloudshelf-Plain">{text}</pre>
      )}
      {readme.text.length > MOST && (
        <p className="cloudshelf-Note">
          {trans.__(
            'The rest is left out; the whole of it is in the METADATA file of its dist-info folder.'
          )}
        </p>
      )}
    </>
  );
}

function Markdown(props: { text: string }): React.JSX.Element {
  const { rendermime } = useDetails();
  const { text } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const [plain, setPlain] = React.useState(false);
  React.useEffect(() => {
    let current = true;
    const parser = rendermime.markdownParser;
    if (!parser) {
      setPlain(true);
      return;
    }
    parser.render(text).then(
      html => {
        if (current) {
          // Lab's sanitizer first, then what it leaves is copied as harden() allows
          host.current?.replaceChildren(
            harden(rendermime.sanitizer.sanitize(html))
          );
        }
      },
      () => current && setPlain(true)
    );
    return () => {
      current = false;
    };
  }, [text, rendermime]);
  return plain ? (
    <pre className="cloudshelf-Plain">{text}</pre>
  ) : (
    <div ref={host} className="cloudshelf-Readme jp-RenderedHTMLCommon" />
  );
}
