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
  const run = (): void => {
    setRunning(true);
    void commands.execute(command, args).finally(() => setRunning(false));
  };
  const known = commands.hasCommand(command);
  return (
    <button
      className={
        icon ? 'cloudshelf-IconButton' : 'jp-mod-styled cloudshelf-Button'
      }
      data-action={action}
      title={label}
      aria-label={icon ? label : undefined}
      disabled={props.disabled || running || !known}
      onClick={run}
    >
      {icon ?? label}
    </button>
  );
}
