import { memo, type ReactNode } from "react";

import { useChat } from "./context";
import type { Fragment } from "./frames";
import { findLinks } from "./links";
import { emotePath, emoteSources } from "./pictures";
import styles from "./Row.module.css";

/** A message as the server took it apart; the text is never searched, but for addresses, and never read as HTML. */
export const Fragments = memo(function Fragments({ fragments }: { fragments: readonly Fragment[] }): ReactNode {
  return fragments.map((fragment, index) => <One key={index} fragment={fragment} />);
});

function One({ fragment }: { fragment: Fragment }): ReactNode {
  switch (fragment.type) {
    case "emote":
      return fragment.emote ? <EmotePicture id={fragment.emote.id} code={fragment.text} /> : <Text text={fragment.text} />;
    case "mention":
      return <Mention fragment={fragment} />;
    default:
      return <Text text={fragment.text} />;
  }
}

function Mention({ fragment }: { fragment: Fragment }): ReactNode {
  const { me } = useChat();
  const isMe = me !== null && fragment.mention?.user_id === me.id;
  return <span className={isMe ? styles.mentionMe : styles.mention}>{fragment.text}</span>;
}

function Text({ text }: { text: string }): ReactNode {
  return findLinks(text).map(({ text: piece, href }, index) =>
    href === null ? (
      piece
    ) : (
      <a key={index} href={href} target="_blank" rel="noopener noreferrer nofollow ugc" className={styles.link}>
        {piece}
      </a>
    ),
  );
}

/** An emote among words; its code is what it is called. */
export function EmotePicture({ id, code }: { id: string; code: string }): ReactNode {
  const { isStill } = useChat();
  return (
    <img
      className={styles.emote}
      src={emotePath(id, isStill, "1.0")}
      srcSet={emoteSources(id, isStill)}
      alt={code}
      title={code}
      width={28}
      height={28}
      loading="lazy"
      decoding="async"
    />
  );
}
