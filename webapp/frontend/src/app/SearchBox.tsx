import { useEffect, useState, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { Icon } from "../ui";
import { navigate, useLocation } from "./router";
import { TEXTS } from "./texts";

/** As the API takes it. */
const MAX_LETTERS = 100;

interface SearchBoxProps {
  readonly className: string | undefined;
  /** Tells it from the one in the header, where both are seen. */
  readonly label?: string;
  readonly autoFocus?: boolean;
}

/** Looks for channels and categories; shows what the page of results was asked for. */
export function SearchBox({ className, label, autoFocus = false }: SearchBoxProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { path, search } = useLocation();
  const asked = path === "/search" ? (search.get("q") ?? "") : "";
  const [text, setText] = useState(asked);
  useEffect(() => {
    setText(asked);
  }, [asked]);
  return (
    <form
      className={className}
      role="search"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        const query = text.trim();
        if (query !== "") {
          navigate(`/search?q=${encodeURIComponent(query)}`);
        }
      }}
    >
      <input
        type="search"
        value={text}
        maxLength={MAX_LETTERS}
        aria-label={texts.search}
        placeholder={texts.searchHint}
        autoComplete="off"
        enterKeyHint="search"
        autoFocus={autoFocus}
        onChange={(event) => {
          setText(event.target.value);
        }}
      />
      <button type="submit" aria-label={texts.search}>
        <Icon name="search" />
      </button>
    </form>
  );
}
