import type { ReactNode } from "react";

import { usePages } from "../api/pages";
import type { LiveCategory } from "../api/types";
import { useTitle } from "../app/router";
import { useTexts } from "../i18n";
import { ButtonLink, Empty, TabLinks } from "../ui";
import { CategoryCard } from "./CategoryCard";
import { GridSkeleton, List } from "./lists";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** All categories, the most watched first. */
export default function BrowsePage(): ReactNode {
  const texts = useTexts(TEXTS);
  useTitle(texts.browseTitle);
  const pages = usePages<LiveCategory>(["categories"], "/games/top", { first: 60 });
  return (
    <div className={styles.page}>
      <BrowseHead />
      <section className={styles.section} aria-label={texts.categories}>
        <h2 className="visually-hidden">{texts.categories}</h2>
        <List
          pages={pages}
          waiting={<GridSkeleton boxes count={12} />}
          empty={
            <Empty
              icon="browse"
              title={texts.noCategories}
              text={texts.noCategoriesText}
              action={<ButtonLink to="/">{texts.toLive}</ButtonLink>}
            />
          }
        >
          {(rows) => (
            <ul className={styles.boxes} data-testid="categories">
              {rows.map((category) => (
                <CategoryCard key={category.id} category={category} />
              ))}
            </ul>
          )}
        </List>
      </section>
    </div>
  );
}

/** The title of both pages one browses on, and the way from one to the other. */
export function BrowseHead(): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div>
      <h1 className={styles.title}>{texts.browseTitle}</h1>
      <TabLinks
        label={texts.browseTitle}
        links={[
          { to: "/directory", label: texts.categories },
          { to: "/directory/live", label: texts.liveChannels },
        ]}
      />
    </div>
  );
}
