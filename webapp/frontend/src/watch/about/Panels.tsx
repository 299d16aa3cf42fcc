import type { ReactNode } from "react";

import type { Channel, User } from "../../api/types";
import { useTexts } from "../../i18n";
import { safeHref } from "./markdown";
import { Markdown } from "./Markdown";
import styles from "./About.module.css";
import { TEXTS } from "./texts";

/** Who this is, and the boxes that they wrote. */
export function Panels({ channel, user }: { channel: Channel; user: User | null }): ReactNode {
  const texts = useTexts(TEXTS);
  const description = user?.description ?? "";
  return (
    <section className={styles.panels} aria-labelledby="about-channel">
      <h2 id="about-channel">
        <bdi>{texts.about(channel.broadcaster_name)}</bdi>
      </h2>
      <p className={styles.description}>{description === "" ? <span className={styles.quiet}>{texts.noAbout}</span> : <bdi>{description}</bdi>}</p>
      <div className={styles.boxes}>
        {channel.panels.map((panel, index) => (
          <Box key={index} panel={panel} />
        ))}
      </div>
    </section>
  );
}

function Box({ panel: { title, text, image, link } }: { panel: Channel["panels"][number] }): ReactNode {
  const href = link === null ? null : safeHref(link);
  const picture = image === null ? null : <img src={`/assets/${image}`} alt={title} loading="lazy" decoding="async" />;
  return (
    <article className={styles.box}>
      {title !== "" && (
        <h3>
          <bdi>{title}</bdi>
        </h3>
      )}
      {href === null ? (
        picture
      ) : (
        <a href={href} target="_blank" rel="noopener nofollow ugc">
          {picture ?? <span>{new URL(href).host}</span>}
          {picture !== null && title === "" && <span className="visually-hidden">{new URL(href).host}</span>}
        </a>
      )}
      <Markdown source={text} />
    </article>
  );
}
