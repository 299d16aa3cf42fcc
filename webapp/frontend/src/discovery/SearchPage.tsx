import type { ReactNode } from "react";

import { usePages } from "../api/pages";
import type { Category, FoundChannel } from "../api/types";
import { useUser } from "../api/users";
import { Link, useLocation, useTitle } from "../app/router";
import { SearchBox } from "../app/SearchBox";
import { useFormat, useTexts } from "../i18n";
import { Avatar, ButtonLink, cx, Empty, LiveBadge } from "../ui";
import { CategoryCard } from "./CategoryCard";
import { List } from "./lists";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** As the API takes it. */
const MAX_LETTERS = 100;

/** Channels and categories for what was typed. */
export default function SearchPage(): ReactNode {
  const texts = useTexts(TEXTS);
  const query = (useLocation().search.get("q") ?? "").trim().slice(0, MAX_LETTERS);
  useTitle(query === "" ? texts.searchTitle : texts.resultsFor(query));
  return (
    <div className={styles.page}>
      <div className={cx(query !== "" && styles.phoneOnly)}>
        <SearchBox className={styles.searchBox} label={texts.searchTitle} autoFocus={query === ""} />
      </div>
      {query === "" ? <Empty wholePage icon="search" title={texts.searchPrompt} text={texts.searchPromptText} /> : <Results query={query} />}
    </div>
  );
}

function Results({ query }: { query: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const channels = usePages<FoundChannel>(["search", "channels"], "/search/channels", { query, first: 20 });
  const categories = usePages<Category>(["search", "categories"], "/search/categories", { query, first: 6 });
  const some = (categories.rows?.length ?? 0) > 0;
  const nothing = channels.rows?.length === 0 && categories.rows?.length === 0;
  return (
    <>
      <h1 className={styles.title}>
        <bdi>{nothing ? texts.nothingFound(query) : texts.resultsFor(query)}</bdi>
      </h1>
      {some && (
        <section className={styles.section}>
          <h2>{texts.foundCategories}</h2>
          <ul className={cx(styles.boxes, styles.line)} data-testid="categories">
            {categories.rows?.map((category) => (
              <CategoryCard key={category.id} category={category} />
            ))}
          </ul>
        </section>
      )}
      <section className={styles.section}>
        {!nothing && <h2>{texts.foundChannels}</h2>}
        <List
          pages={channels}
          empty={
            nothing && (
              <Empty
                icon="search"
                title={texts.toLive}
                text={texts.nothingFoundText}
                action={
                  <ButtonLink to="/directory/live" kind="primary">
                    {texts.liveChannels}
                  </ButtonLink>
                }
              />
            )
          }
        >
          {(rows) => (
            <ul className={styles.rows} data-testid="channels">
              {rows.map((channel) => (
                <FoundRow key={channel.id} channel={channel} />
              ))}
            </ul>
          )}
        </List>
      </section>
    </>
  );
}

function FoundRow({ channel }: { channel: FoundChannel }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const image = useUser(channel.id)?.profile_image_url;
  const { broadcaster_login: login, display_name: name } = channel;
  const facts = [
    channel.viewer_count === null ? texts.offline : texts.watching(format.count(channel.viewer_count)),
    texts.followers(channel.follower_count, format.count(channel.follower_count)),
    channel.game_name,
  ];
  return (
    <li>
      <Link className={styles.row} to={`/${login}`}>
        <Avatar user={{ login, display_name: name, profile_image_url: image }} size={64} />
        <span className={styles.rowText}>
          <bdi className={styles.rowName}>{name}</bdi>
          {channel.title !== "" && <bdi>{channel.title}</bdi>}
          <span className={styles.quiet}>{facts.filter((fact) => fact !== "").join(" · ")}</span>
        </span>
        {channel.is_live && <LiveBadge />}
      </Link>
    </li>
  );
}
