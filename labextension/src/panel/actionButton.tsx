import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import React from 'react';

/** A button that runs a command, and cannot be pressed again until that is done. */
export function ActionButton(props: {
  commands: CommandRegistry;
  command: string;
  /** What tests know it by. */
  action: string;
  label: string;
  args?: ReadonlyJSONObject;
  /** In place of the label, which is then its name for screen readers. */
  icon?: React.JSX.Element;
  disabled?: boolean;
}): React.JSX.Element {
  const { commands, command, action, label, args, icon } = props;
  const [running, setRunning] = React.useState(false);
  const button = React.useRef<HTMLButtonElement>(null);
  React.useLayoutEffect(() => {
    const here = button.current;
    return () => {
      if (here && here === document.activeElement) {
        // It goes away: who came by keyboard is still in this part of the page.
        here.closest<HTMLElement>('[tabindex="-1"]')?.focus();
      }
    };
  }, []);
  const run = (): void => {
    if (running) {
      return;
    }
    setRunning(true);
    void commands.execute(command, args).finally(() => setRunning(false));
  };
  const known = commands.hasCommand(command);
  return (
    <button
      ref={button}
      className={
        icon ? 'cloudshelf-IconButton' : 'jp-mod-styled cloudshelf-Button'
      }
      data-action={action}
      title={label}
      aria-label={icon ? label : undefined}
      disabled={props.disabled || !known}
      aria-disabled={running} // one that is disabled loses the focus
      onClick={run}
    >
      {icon ?? label}
    </button>
  );
}
