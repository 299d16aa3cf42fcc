/** `/embed/LOGIN`: the player alone, for frames on other sites. `?autoplay=false` waits for a click, `?muted=true` begins without sound. */

import { useCallback, type ReactNode } from "react";

import { useLocation, useTitle } from "../app/router";
import type { PageProps } from "../app/routes";
import { useSite } from "../app/session";
import { useTexts } from "../i18n";
import { LiveBadge } from "../ui";
import { TEXTS as ABOUT_TEXTS } from "./about/texts";
import styles from "./EmbedPage.module.css";
import { Stage } from "./stage/Stage";
import { TEXTS } from "./stage/texts";
import { useChannel } from "./useChannel";

void import("hls.js").catch(() => undefined); // needed in a moment

export default function EmbedPage({ params }: PageProps): ReactNode {
  const login = (params.login ?? "").toLowerCase();
  const texts = useTexts(TEXTS);
  const about = useTexts(ABOUT_TEXTS);
  const { search } = useLocation();
  const { urls, name: site } = useSite();
  const { channel, error, refresh, onViewers } = useChannel(login);
  const name = channel?.broadcaster_name ?? login;
  useTitle(name);
  const onOver = useCallback(() => undefined, []);
  const href = `${urls.web}/${login}`;
  if (channel === null) {
    return (
      <p className={styles.none} data-testid="not-found">
        {about.notFound(login)}
      </p>
    );
  }
  return (
    <div className={styles.embed}>
      <h1 className="visually-hidden">
        <bdi>{name}</bdi>
      </h1>
      <Stage
        login={login}
        channel={channel ?? null}
        failed={error !== null}
        refresh={refresh}
        onViewers={onViewers}
        onOver={onOver}
        theatre={null}
        subscribe={null}
        framed={{ href, name: site }}
        autoplay={search.get("autoplay") !== "false"}
        muted={search.get("muted") === "true"}
      >
        <a className={styles.link} href={href} target="_blank" rel="noopener" data-controls>
          {channel?.is_live === true && <LiveBadge />}
          <bdi>{name}</bdi>
          <span className="visually-hidden">: {texts.watchOnSite(site)}</span>
        </a>
      </Stage>
    </div>
  );
}
