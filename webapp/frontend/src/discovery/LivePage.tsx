import type { ReactNode } from "react";

import { useTitle } from "../app/router";
import { useTexts } from "../i18n";
import { BrowseHead } from "./BrowsePage";
import { FilteredStreams } from "./filters";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** Everybody who is live, by language and tag. */
export default function LivePage(): ReactNode {
  const texts = useTexts(TEXTS);
  useTitle(texts.liveChannels);
  return (
    <div className={styles.page}>
      <BrowseHead />
      <section className={styles.section}>
        <h2 className="visually-hidden">{texts.liveChannels}</h2>
        <FilteredStreams gameId={null} />
      </section>
    </div>
  );
}
