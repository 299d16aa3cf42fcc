/** All emotes that there are here; those that one may not use are shown with the reason. */

import type { UseQueryResult } from "@tanstack/react-query";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { ErrorNote, Icon, Spinner } from "../ui";
import { useChat } from "./context";
import { emotePath, emoteSources, type Emote, type EmoteGroups } from "./pictures";
import { recentEmotes, rememberEmote } from "./preferences";
import styles from "./EmotePicker.module.css";
import { Sheet } from "./Sheet";
import type { ChatTexts } from "./texts";

interface PickerProps {
  readonly query: UseQueryResult<EmoteGroups>;
  readonly channelName: string;
  readonly onClose: () => void;
}

export default function EmotePicker({ query, channelName, onClose }: PickerProps): ReactNode {
  const { texts } = useChat();
  const [wanted, setWanted] = useState("");
  // As they were when the picker was opened: what is chosen does not move.
  const [recent] = useState(recentEmotes);
  return (
    <Sheet title={texts.emotes} onClose={onClose} isLow testId="emote-picker">
      <input
        className={styles.search}
        type="search"
        value={wanted}
        placeholder={texts.searchEmotes}
        aria-label={texts.searchEmotes}
        onChange={(event) => {
          setWanted(event.target.value);
        }}
      />
      {query.isPending && <Spinner />}
      {query.isError && <ErrorNote error={query.error} retry={query.refetch} />}
      {query.data && <Groups groups={query.data} recent={recent} wanted={wanted.trim().toLowerCase()} channelName={channelName} />}
    </Sheet>
  );
}

interface GroupsProps {
  readonly groups: EmoteGroups;
  readonly recent: readonly string[];
  readonly wanted: string;
  readonly channelName: string;
}

function Groups({ groups, recent, wanted, channelName }: GroupsProps): ReactNode {
  const { texts } = useChat();
  const box = useRef<HTMLDivElement>(null);
  const fits = ({ name }: Emote): boolean => name.toLowerCase().includes(wanted);
  const all = new Map([...groups.channel, ...groups.elsewhere, ...groups.site].map((emote) => [emote.id, emote]));
  const latest = recent.map((id) => all.get(id)).filter((emote): emote is Emote => emote !== undefined && groups.usable.has(emote.id));
  const sections = [
    { title: texts.recent, emotes: latest.filter(fits) },
    { title: texts.ofChannel(channelName), emotes: groups.channel.filter(fits) },
    { title: texts.elsewhere, emotes: groups.elsewhere.filter(fits) },
    { title: texts.ofSite, emotes: groups.site.filter(fits) },
  ].filter(({ emotes }) => emotes.length > 0);
  if (sections.length === 0) return <p className={styles.none}>{all.size === 0 ? texts.noEmotes : texts.noMatch}</p>;
  return (
    <div
      ref={box}
      onKeyDown={(event) => {
        move(event, box.current);
      }}
    >
      {sections.map(({ title, emotes }, index) => (
        <section key={title} className={styles.section}>
          <h4>
            <bdi>{title}</bdi>
          </h4>
          <div className={styles.grid}>
            {emotes.map((emote, place) => (
              <EmoteButton
                key={emote.id}
                emote={emote}
                isUsable={groups.usable.has(emote.id)}
                isFirst={index === 0 && place === 0}
              />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function EmoteButton({ emote, isUsable, isFirst }: { emote: Emote; isUsable: boolean; isFirst: boolean }): ReactNode {
  const { texts, insert, isStill } = useChat();
  const why = isUsable ? "" : reason(emote, texts);
  const label = isUsable ? emote.name : `${emote.name}: ${texts.locked}. ${why}`;
  return (
    <button
      type="button"
      className={styles.emote}
      data-emote={emote.name}
      aria-label={label}
      title={label}
      aria-disabled={!isUsable || undefined}
      tabIndex={isFirst ? 0 : -1}
      onClick={() => {
        if (!isUsable) return;
        rememberEmote(emote.id);
        insert(emote.name);
      }}
    >
      <img
        src={emotePath(emote.id, isStill, "1.0")}
        srcSet={emoteSources(emote.id, isStill)}
        alt=""
        width={28}
        height={28}
        loading="lazy"
        decoding="async"
      />
      {!isUsable && <Icon name="lock" size={14} className={styles.lock} />}
    </button>
  );
}

/** Why somebody may not use an emote. */
export function reason(emote: Emote, texts: ChatTexts): string {
  if (emote.emote_type === "follower") return texts.lockedFollower;
  const tier = Math.floor(Number(emote.tier) / 1000);
  return tier > 0 ? texts.lockedTier(tier) : texts.lockedOther;
}

/** Arrows go from emote to emote; above and below is what lies nearest there. */
function move(event: KeyboardEvent, box: HTMLElement | null): void {
  const all = [...(box?.querySelectorAll<HTMLElement>("[data-emote]") ?? [])];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const here = all[at];
  if (!here) return;
  let next: HTMLElement | undefined;
  if (event.key === "ArrowRight") next = all[at + 1];
  else if (event.key === "ArrowLeft") next = all[at - 1];
  else if (event.key === "ArrowDown") next = nearest(all.slice(at + 1), here);
  else if (event.key === "ArrowUp") next = nearest(all.slice(0, at).reverse(), here);
  else return;
  event.preventDefault();
  next?.focus();
}

function nearest(following: readonly HTMLElement[], here: HTMLElement): HTMLElement | undefined {
  const from = here.getBoundingClientRect();
  return following.find((one) => {
    const to = one.getBoundingClientRect();
    return Math.abs(to.top - from.top) > 4 && Math.abs(to.left - from.left) < from.width / 2;
  });
}
