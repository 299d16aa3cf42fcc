/** The stream as viewers see it. */

import { useCallback, type ReactNode } from "react";

import { useSite } from "../app/session";
import { Stage } from "../watch/stage/Stage";
import { useChannel } from "../watch/useChannel";
import { useModerating } from "./context";
import styles from "./Moderation.module.css";

void import("hls.js").catch(() => undefined); // needed in a moment

export default function StreamPane(): ReactNode {
  const { login } = useModerating();
  const { urls, name: site } = useSite();
  const { channel, error, refresh, onViewers } = useChannel(login);
  const onOver = useCallback(() => undefined, []);
  return (
    <div className={styles.stream}>
      <Stage
        login={login}
        channel={channel ?? null}
        failed={error !== null}
        refresh={refresh}
        onViewers={onViewers}
        onOver={onOver}
        theatre={null}
        subscribe={null}
        framed={{ href: `${urls.web}/${login}`, name: site }}
      />
    </div>
  );
}
