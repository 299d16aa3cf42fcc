import { useState, type CSSProperties, type ReactNode } from "react";

import { Link } from "../app/router";
import { assetPath } from "../api/assets";
import type { Category, LiveCategory } from "../api/types";
import { useFormat, useTexts } from "../i18n";
import { hue } from "../ui";
import styles from "./cards.module.css";
import { TEXTS } from "./texts";

/** A category in a list, and how many watch what is live in it where that is known. */
export function CategoryCard({ category }: { category: Category | LiveCategory }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  return (
    <li className={styles.card}>
      <BoxArt category={category} />
      <h3 className={`${styles.title ?? ""} ${styles.boxName ?? ""}`}>
        <Link to={`/directory/category/${category.id}`} title={category.name}>
          <bdi>{category.name}</bdi>
        </Link>
      </h3>
      {"viewer_count" in category && (
        <p className={styles.boxCount}>
          {category.live_channels > 0
            ? texts.viewers(format.count(category.viewer_count))
            : texts.channels(0, format.count(0))}
        </p>
      )}
    </li>
  );
}

/** A category's picture, or its name on a colour of its own. Decoration: its name stands beside it. */
export function BoxArt({ category }: { category: Category | LiveCategory }): ReactNode {
  const path = assetPath(category.box_art_url);
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <div className={styles.box} style={{ "--hue": hue(category.slug) } as CSSProperties} aria-hidden="true">
      {category.name}
      {path !== undefined && path !== broken && (
        <img
          src={path}
          alt=""
          loading="lazy"
          decoding="async"
          onError={() => {
            setBroken(path);
          }}
        />
      )}
    </div>
  );
}
