/** The bar at the lower edge of the picture. */

import type { ReactNode } from "react";

import { useTexts } from "../../i18n";
import type { Player } from "../../player/player";
import { Icon, IconButton, Menu, type MenuItem } from "../../ui";
import type { StageCommands } from "./commands";
import styles from "./Controls.module.css";
import type { StageController } from "./controller";
import { choices } from "./labels";
import { LatencyChip } from "./LatencyChip";
import { recallQuality } from "./memory";
import { SeekBar } from "./SeekBar";
import { TEXTS } from "./texts";
import { useFullscreen, useLoudness, usePaused, usePip, usePulse, type Captions } from "./useVideo";

export interface Theatre {
  readonly on: boolean;
  readonly toggle: () => void;
}

export interface ControlsProps {
  readonly stage: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly controller: StageController;
  readonly player: Player;
  readonly commands: StageCommands;
  readonly captions: Captions;
  /** Null where the page has no such thing. */
  readonly theatre: Theatre | null;
  readonly stats: { readonly on: boolean; readonly toggle: () => void };
  readonly help: () => void;
}

const LOW = 0.5;

export function Controls({ stage, video, controller, player, commands, captions, theatre, stats, help }: ControlsProps): ReactNode {
  const texts = useTexts(TEXTS);
  const paused = usePaused(video);
  const full = useFullscreen(stage);
  const pip = usePip(video);
  return (
    <div className={styles.controls} data-controls>
      <SeekBar player={player} video={video} />
      <div className={styles.row}>
        <IconButton icon={paused ? "play" : "pause"} label={paused ? texts.play : texts.pause} onClick={commands.toggle} />
        <Volume video={video} commands={commands} />
        <LatencyChip player={player} paused={paused} />
        <span className={styles.gap} />
        {captions.there && (
          <IconButton icon="captions" label={texts.captions} aria-pressed={captions.shown} onClick={captions.toggle} />
        )}
        <SettingsMenu controller={controller} player={player} stats={stats} help={help} />
        {document.pictureInPictureEnabled && (
          <IconButton icon="pip" label={texts.pip} aria-pressed={pip} className={styles.wide} onClick={commands.togglePip} />
        )}
        {theatre !== null && !full && (
          <IconButton
            icon={theatre.on ? "theatre-exit" : "theatre"}
            label={theatre.on ? texts.leaveTheatre : texts.theatre}
            className={styles.wide}
            onClick={theatre.toggle}
          />
        )}
        <IconButton
          icon={full ? "fullscreen-exit" : "fullscreen"}
          label={full ? texts.leaveFullscreen : texts.fullscreen}
          onClick={commands.toggleFullscreen}
        />
      </div>
    </div>
  );
}

function Volume({ video, commands }: { video: HTMLVideoElement; commands: StageCommands }): ReactNode {
  const texts = useTexts(TEXTS);
  const loudness = useLoudness(video);
  const silent = loudness === 0;
  return (
    <span className={styles.volume}>
      <IconButton
        icon={silent ? "muted" : loudness < LOW ? "volume-low" : "volume"}
        label={silent ? texts.unmute : texts.mute}
        onClick={commands.toggleMute}
      />
      <input
        type="range"
        className={styles.loudness}
        aria-label={texts.volume}
        aria-valuetext={texts.percent(Math.round(loudness * 100))}
        min={0}
        max={1}
        step={0.05}
        value={loudness}
        onChange={(event) => {
          commands.setVolume(Number(event.target.value));
        }}
      />
    </span>
  );
}

type SettingsProps = Pick<ControlsProps, "controller" | "player" | "stats" | "help">;

function SettingsMenu({ controller, player, stats, help }: SettingsProps): ReactNode {
  usePulse(2000); // what plays changes without an event of ours
  const texts = useTexts(TEXTS);
  const { qualities } = player;
  const all = choices(qualities);
  const chosen = recallQuality();
  const known = all.some(({ height }) => height === chosen);
  const playing = qualities.all[qualities.playing];
  const now = all.find(({ height }) => height === playing?.height)?.name ?? "";
  const automatic: MenuItem = {
    label: texts.automatic(known ? "" : now),
    checked: !known,
    onSelect: () => {
      controller.chooseQuality(null);
    },
  };
  const offered: readonly MenuItem[] = all.map(({ height, name }) => ({
    label: name,
    checked: known && height === chosen,
    onSelect: () => {
      controller.chooseQuality(height);
    },
  }));
  const items: MenuItem[] = [
    { heading: texts.quality },
    ...(all.length > 1 ? [automatic, ...offered] : [{ label: texts.asSent(now), checked: true }]),
    "line",
    { label: stats.on ? texts.hideStats : texts.stats, icon: "stats", onSelect: stats.toggle },
    { label: texts.shortcuts, icon: "keyboard", onSelect: help },
  ];
  const detail = now === "" ? null : <span className={styles.quality}>{now}</span>;
  return (
    <Menu
      className={styles.menu}
      label={detail === null ? texts.settings : `${texts.settings}, ${texts.quality}: ${now}`}
      trigger={
        <>
          <Icon name="settings" />
          {detail}
        </>
      }
      items={items}
      side="above"
      align="end"
    />
  );
}
