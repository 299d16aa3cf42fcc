import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, type ReactNode } from "react";

import { get, send } from "../../api/client";
import type { Channel, Data } from "../../api/types";
import { useLanguage, useTexts, type Language } from "../../i18n";
import { Select, TextField, useToast } from "../../ui";
import { languageName } from "../../watch/about/languages";
import { first } from "../data";
import { EditForm } from "../settings/kit/EditForm";
import { useEdit } from "../settings/kit/useEdit";
import { CategoryField, type Chosen } from "./CategoryField";
import { TagsField } from "./TagsField";
import { TEXTS } from "./texts";

const MAX_TITLE = 140;
/** Offered beside the one that is chosen. */
const USUAL = ["ar", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hi", "hu", "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "th", "tr", "uk", "vi", "zh"];

interface Information {
  readonly title: string;
  readonly category: Chosen;
  readonly language: string;
  readonly tags: readonly string[];
}

function informationOf(channel: Channel): Information {
  return {
    title: channel.title,
    category: { id: channel.game_id, name: channel.game_name },
    language: channel.broadcaster_language,
    tags: channel.tags,
  };
}

/** As the API has it. */
function sent({ title, category, language, tags }: Partial<Information>): object {
  return {
    ...(title === undefined ? {} : { title }),
    ...(category === undefined ? {} : { game_id: category.id }),
    ...(language === undefined ? {} : { broadcaster_language: language }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** Title, category, tags and language, changed while live. What somebody else changes meanwhile is merged, never overwritten. */
export function QuickEdit({ login, channel }: { login: string; channel: Channel }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const name = `${login}/information`;
  const edit = useEdit<Information>({
    name,
    load: async (signal) => informationOf(first(await get<Data<Channel>>(`/channels/${login}`, undefined, signal))),
    save: async (changes, was) =>
      informationOf(first(await send<Data<Channel>>("PATCH", `/channels/${login}`, { ...sent(changes), was: sent(was) }))),
    onSaved: () => {
      toast({ kind: "ok", text: texts.saved });
      void cache.invalidateQueries({ queryKey: ["watched", login] });
    },
  });
  const { title, game_id: gameId, broadcaster_language: language } = channel;
  useEffect(() => {
    // The room told of a change, maybe of somebody else's.
    void cache.invalidateQueries({ queryKey: ["dashboard", "edit", name] });
  }, [cache, name, title, gameId, language]);
  return (
    <EditForm
      edit={edit}
      label={texts.edit}
      labels={{ title: texts.title, category: texts.category, language: texts.language, tags: texts.tags }}
      say={(field, value) => (field === "category" ? (value as Chosen).name || texts.categoryNone : undefined)}
      isFit={(draft) => lengthOf(draft.title) <= MAX_TITLE}
    >
      {({ draft }) => (
        <>
          <TextField
            label={texts.title}
            value={draft.title}
            hint={texts.titleHint(Math.max(0, MAX_TITLE - lengthOf(draft.title)))}
            error={lengthOf(draft.title) > MAX_TITLE ? texts.titleLong : null}
            autoComplete="off"
            onChange={(text) => {
              edit.set({ title: text });
            }}
          />
          <CategoryField
            chosen={draft.category}
            onChange={(category) => {
              edit.set({ category });
            }}
          />
          <TagsField
            tags={draft.tags}
            onChange={(tags) => {
              edit.set({ tags });
            }}
          />
          <LanguageField
            value={draft.language}
            onChange={(value) => {
              edit.set({ language: value });
            }}
          />
        </>
      )}
    </EditForm>
  );
}

/** In characters as the server counts them: an emoji is one. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function LanguageField({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const shownIn = useLanguage();
  const options = useMemo(() => languageOptions(value, shownIn), [value, shownIn]);
  return <Select label={texts.language} value={value} options={[{ value: "", label: texts.languageNone }, ...options]} onChange={onChange} />;
}

function languageOptions(chosen: string, shownIn: Language): readonly { readonly value: string; readonly label: string }[] {
  return [...new Set([chosen, ...USUAL])]
    .filter((tag) => tag !== "")
    .map((tag) => ({ value: tag, label: languageName(tag, shownIn) }))
    .sort((one, other) => one.label.localeCompare(other.label, shownIn));
}
