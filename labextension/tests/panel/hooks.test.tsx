import { Signal } from '@lumino/signaling';
import React from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { useSignal } from '../../src/panel/hooks';

/** What a view shows, and the signal that it has changed. */
class Source {
  text = 'loading';
  readonly changed = new Signal<this, void>(this);

  say(text: string): void {
    this.text = text;
    this.changed.emit();
  }
}

function View(props: {
  source: Source;
  painted?: () => void;
}): React.JSX.Element {
  useSignal(props.source.changed);
  React.useLayoutEffect(() => props.painted?.(), [props]);
  return <p>{props.source.text}</p>;
}

let host: HTMLElement;
let root: Root;

beforeEach(() => {
  host = document.createElement('div');
  root = createRoot(host);
});

afterEach(() => {
  root.unmount();
});

test('what is said after the first rendering is shown', async () => {
  const source = new Source();
  root.render(<View source={source} />);
  await vi.waitFor(() => expect(host.textContent).toBe('loading'));
  source.say('ready');
  await vi.waitFor(() => expect(host.textContent).toBe('ready'));
});

test('what is said between the rendering and its effects is shown', async () => {
  const source = new Source();
  let said = false;
  const painted = (): void => {
    if (!said) {
      said = true;
      source.say('ready');
    }
  };
  root.render(<View source={source} painted={painted} />);
  await vi.waitFor(() => expect(host.textContent).toBe('ready'));
});
