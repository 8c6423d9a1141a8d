import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, historyIcon, infoIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Badge, IPin } from '../channel';
import { CommandIDs } from '../commands/ids';
import { ActionButton } from '../panel/actionButton';
import { formatPart, formatSeconds } from '../panel/format';
import { ProgressBar } from '../panel/progressBar';

/** One pin: name, version, badges and buttons; below it what is fetched, and what its import took. */
export function PinRow(props: {
  pin: IPin;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { pin, commands, trans } = props;
  const { project, version, bytes, fetched, seconds } = pin;
  const args = { project, version };
  const there = trans.__('%1 of %2', ...formatPart(fetched, bytes));
  const numbers =
    seconds === null
      ? there
      : `${there} · ${trans.__('import %1', formatSeconds(seconds))}`;
  return (
    <li
      className="cloudshelf-Pin"
      data-pin={project}
      data-version={version}
      data-badges={[...pin.badges].sort().join(' ')}
      data-fetched={fetched}
      data-bytes={bytes}
      data-asked={pin.asked || undefined}
    >
      <div className="cloudshelf-Pin-line">
        <span
          className="cloudshelf-Pin-name"
          title={
            pin.asked ? trans.__('Asked for') : trans.__('Came with another')
          }
        >
          {project}
        </span>
        <span className="cloudshelf-Pin-version">{version}</span>
        <span className="cloudshelf-Pin-buttons">
          <ActionButton
            commands={commands}
            command={CommandIDs.showDetails}
            action="details"
            label={trans.__('Details of %1', project)}
            args={args}
            icon={<infoIcon.react tag="span" />}
          />
          <ActionButton
            commands={commands}
            command={CommandIDs.switchVersion}
            action="switch"
            label={trans.__('Switch the version of %1', project)}
            args={{ project }}
            icon={<historyIcon.react tag="span" />}
          />
          <ActionButton
            commands={commands}
            command={CommandIDs.drop}
            action="drop"
            label={
              pin.asked
                ? trans.__('Drop %1', project)
                : trans.__('%1 is needed by another pin', project)
            }
            disabled={!pin.asked}
            args={args}
            icon={<closeIcon.react tag="span" />}
          />
        </span>
      </div>
      <div className="cloudshelf-Pin-facts">
        {pin.badges.map(badge => (
          <BadgeView key={badge} badge={badge} pin={pin} trans={trans} />
        ))}
        <span className="cloudshelf-Pin-numbers" title={numbers}>
          {numbers}
        </span>
        <ProgressBar
          label={trans.__('Fetched of %1', project)}
          done={fetched}
          total={bytes}
        />
      </div>
    </li>
  );
}

function BadgeView(props: {
  badge: Badge;
  pin: IPin;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { badge, pin, trans } = props;
  const [text, title] = wordsOf(badge, pin, trans);
  return (
    <span className="cloudshelf-Badge" data-badge={badge} title={title}>
      {text}
    </span>
  );
}

function wordsOf(
  badge: Badge,
  pin: IPin,
  trans: TranslationBundle
): [string, string] {
  switch (badge) {
    case 'loaded':
      return [
        trans.__('loaded'),
        trans.__('Imported: %1', pin.loaded.join(', '))
      ];
    case 'pinned':
      return [trans.__('not loaded'), trans.__('Pinned, not yet imported')];
    case 'differs':
      return [
        trans.__('differs'),
        pin.lock_version
          ? trans.__("The notebook's lock has %1", pin.lock_version)
          : trans.__("The notebook's lock does not have it")
      ];
    case 'restart':
      return [
        trans.__('restart needed'),
        trans.__('Another version is loaded until the kernel restarts')
      ];
    case 'blocked':
      return [trans.__('blocked'), pin.blocked ?? ''];
  }
}
