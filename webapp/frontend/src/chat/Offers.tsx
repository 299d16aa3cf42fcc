/** What may be meant by what is being typed, above the field. The focus stays in the field. */

import { useEffect, useRef, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { cx } from "../ui";
import { COMMAND_TEXTS } from "./commands.texts";
import { useChat } from "./context";
import type { Offer } from "./completion";
import type { CommandName } from "./commands";
import { EmotePicture } from "./Fragments";
import styles from "./Composer.module.css";

interface OffersProps {
  readonly id: string;
  readonly offers: readonly Offer[];
  readonly chosen: Offer;
  readonly onTake: (offer: Offer) => void;
}

export function Offers({ id, offers, chosen, onTake }: OffersProps): ReactNode {
  const { texts } = useChat();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <div ref={list} id={id} className={styles.offers} role="listbox" aria-label={texts.offers} data-testid="chat-offers">
      {offers.map((offer, index) => (
        <div
          key={offer.text}
          id={`${id}-${index}`}
          role="option"
          aria-selected={offer === chosen}
          className={cx(styles.offer, offer === chosen && styles.chosen)}
          // Before the field loses the focus.
          onPointerDown={(event) => {
            event.preventDefault();
            onTake(offer);
          }}
        >
          <OfferText offer={offer} />
        </div>
      ))}
    </div>
  );
}

function OfferText({ offer }: { offer: Offer }): ReactNode {
  const commands = useTexts(COMMAND_TEXTS);
  switch (offer.kind) {
    case "emote":
      return (
        <>
          <EmotePicture id={offer.id} code="" />
          <bdi>{offer.text}</bdi>
        </>
      );
    case "person":
      return <bdi>{offer.text}</bdi>;
    case "command":
      return (
        <>
          <code>{`${offer.text} ${offer.takes}`.trim()}</code>
          <span className={styles.help}>{commands[offer.name as CommandName]}</span>
        </>
      );
  }
}
