/** Live streams narrowed down by language and tag; what is chosen stands in the address. */

import type { ReactNode } from "react";

import { usePages } from "../api/pages";
import type { Stream } from "../api/types";
import { navigate, useLocation } from "../app/router";
import { useLanguage, useTexts, type Language } from "../i18n";
import { Badge, ButtonLink, Empty, IconButton, Select } from "../ui";
import { REFRESH_MS } from "./followed";
import { GridSkeleton, List, StreamGrid } from "./lists";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** Offered beside those that are on the page already. */
const USUAL = ["en", "de", "es", "fr", "it", "ja", "ko", "pl", "pt", "ru", "tr", "uk", "zh"];

/** Live streams, of one category or of all. `gameId`: null for all. */
export function FilteredStreams({ gameId }: { gameId: string | null }): ReactNode {
  const texts = useTexts(TEXTS);
  const { path, search } = useLocation();
  const language = search.get("language") ?? "";
  const tag = search.get("tag") ?? "";
  const query = {
    first: 24,
    game_id: gameId,
    language: language === "" ? null : language,
    tag: tag === "" ? null : tag,
  };
  const pages = usePages<Stream>(["streams", gameId, language, tag], "/streams", query, { refreshMs: REFRESH_MS });
  const choose = (name: string, value: string): void => {
    const next = new URLSearchParams(search);
    if (value === "") {
      next.delete(name);
    } else {
      next.set(name, value);
    }
    const text = next.toString();
    navigate(text === "" ? path : `${path}?${text}`, { replace: true });
  };
  return (
    <>
      <div className={styles.filters}>
        <LanguageSelect
          value={language}
          seen={pages.rows?.map((stream) => stream.language) ?? []}
          onChange={(value) => {
            choose("language", value);
          }}
        />
        {tag !== "" && (
          <Badge className={styles.tag}>
            <bdi>{texts.tagged(tag)}</bdi>
            <IconButton
              icon="close"
              size="small"
              label={texts.noTag}
              onClick={() => {
                choose("tag", "");
              }}
            />
          </Badge>
        )}
      </div>
      <List
        pages={pages}
        waiting={<GridSkeleton />}
        empty={
          <Empty
            icon="browse"
            title={texts.nobodyHere}
            text={texts.nobodyHereText}
            action={<ButtonLink to="/directory">{texts.browse}</ButtonLink>}
          />
        }
      >
        {(rows) => <StreamGrid streams={rows} withGame={gameId === null} />}
      </List>
    </>
  );
}

interface LanguageSelectProps {
  readonly value: string;
  /** Languages of the streams that are listed. */
  readonly seen: readonly string[];
  readonly onChange: (value: string) => void;
}

function LanguageSelect({ value, seen, onChange }: LanguageSelectProps): ReactNode {
  const texts = useTexts(TEXTS);
  const language = useLanguage();
  const codes = [...new Set([value, ...seen, ...USUAL])].filter((code) => code !== "");
  const options = codes
    .map((code) => ({ value: code, label: languageName(code, language) }))
    .sort((one, other) => one.label.localeCompare(other.label, language));
  return (
    <Select label={texts.language} value={value} options={[{ value: "", label: texts.anyLanguage }, ...options]} onChange={onChange} />
  );
}

/** What a language is called in the one of the page; the tag itself where nobody knows. */
export function languageName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
