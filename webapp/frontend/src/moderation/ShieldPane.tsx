/** The shield with what it does, and the rules that moderators switch most. */

import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { useFormat } from "../i18n";
import type { RoomSettings } from "../chat/frames";
import { Switch } from "../ui";
import { useModerating } from "./context";
import type { DeskView } from "./desk";
import styles from "./Moderation.module.css";
import { presetTexts } from "./rules";
import { shieldQuery } from "./shield";

const MODES = ["slow_mode", "follower_mode", "subscriber_mode", "emote_mode", "unique_chat_mode"] as const;
const USUAL_SLOW_S = 30;

export function ShieldPane({ view }: { view: DeskView }): ReactNode {
  const { login, texts } = useModerating();
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={texts.panes.shield}>
      <ShieldSwitch view={view} login={login} />
      {view.settings !== null && <Rules settings={view.settings} />}
    </div>
  );
}

function ShieldSwitch({ view, login }: { view: DeskView; login: string }): ReactNode {
  const { texts, acts } = useModerating();
  const format = useFormat();
  const { data, refetch } = useQuery(shieldQuery(login));
  const [isBusy, setIsBusy] = useState(false);
  const shield = data?.data[0];
  if (shield === undefined) return null;
  const isUp = view.isShielded ?? shield.is_active;
  const change = async (isActive: boolean): Promise<void> => {
    if (isBusy) return;
    setIsBusy(true);
    await acts.setShield(isActive);
    await refetch();
    setIsBusy(false);
  };
  return (
    <section className={styles.section} data-testid="mod-shield" data-active={isUp}>
      <Switch label={texts.shield} hint={texts.shieldHint} checked={isUp} onChange={(isActive) => void change(isActive)} />
      <h3>{texts.shieldSets}</h3>
      <ul className={styles.facts}>
        {presetTexts(shield.preset, texts).map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      {shield.last_changed_at !== null && shield.moderator_name !== "" && (
        <p className={styles.quiet}>{texts.shieldSince(shield.moderator_name, format.dateTime(shield.last_changed_at))}</p>
      )}
    </section>
  );
}

function Rules({ settings }: { settings: RoomSettings }): ReactNode {
  const { texts, acts } = useModerating();
  const [busy, setBusy] = useState<string | null>(null);
  const change = async (mode: (typeof MODES)[number], isOn: boolean): Promise<void> => {
    if (busy !== null) return;
    setBusy(mode);
    const wait = mode === "slow_mode" && isOn ? { slow_mode_wait_time: settings.slow_mode_wait_time_seconds ?? USUAL_SLOW_S } : {};
    await acts.set({ [mode]: isOn, ...wait }, { [mode]: settings[mode], ...before(settings, mode) });
    setBusy(null);
  };
  return (
    <section className={styles.section}>
      <h3>{texts.rules}</h3>
      {MODES.map((mode) => (
        <Switch
          key={mode}
          label={labelOf(settings, mode)}
          checked={settings[mode]}
          onChange={(isOn) => void change(mode, isOn)}
        />
      ))}
    </section>
  );

  function labelOf(now: RoomSettings, mode: (typeof MODES)[number]): string {
    if (mode === "slow_mode" && now.slow_mode) return texts.slowSeconds(now.slow_mode_wait_time_seconds ?? 0);
    if (mode === "follower_mode" && now.follower_mode) return texts.followMinutes(now.follower_mode_duration_minutes ?? 0);
    return texts.rule[mode];
  }
}

/** The time that a mode was set to, where it has one. */
function before(settings: RoomSettings, mode: (typeof MODES)[number]): Readonly<Record<string, number>> {
  if (mode === "slow_mode" && settings.slow_mode_wait_time_seconds !== null) return { slow_mode_wait_time: settings.slow_mode_wait_time_seconds };
  if (mode === "follower_mode" && settings.follower_mode_duration_minutes !== null) return { follower_mode_duration: settings.follower_mode_duration_minutes };
  return {};
}
