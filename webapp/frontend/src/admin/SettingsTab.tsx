import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Section } from "../account/settings/Section";
import { only } from "../account/types";
import { get, send } from "../api/client";
import type { Data, Schemas } from "../api/types";
import { EditForm } from "../dashboard/settings/kit/EditForm";
import { TEXTS as KIT_TEXTS } from "../dashboard/settings/kit/texts";
import { useEdit } from "../dashboard/settings/kit/useEdit";
import { useTexts } from "../i18n";
import { Select, Switch, TextArea, TextField, useToast } from "../ui";
import styles from "./admin.module.css";
import { TEXTS } from "./settings.texts";

type Settings = Schemas["SiteSettings"];

const PATH = "/admin/settings";

/** Settings with what each does. Two who change them at once are told of each other, and nothing typed is lost. */
export default function SettingsTab(): ReactNode {
  const texts = useTexts(TEXTS);
  const kit = useTexts(KIT_TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const edit = useEdit<Settings>({
    name: "site settings",
    load: async (signal) => only(await get<Data<Settings>>(PATH, undefined, signal)),
    save: async (changes, was) => only(await send<Data<Settings>>("PATCH", PATH, { ...changes, was })),
    onSaved: () => {
      toast({ kind: "ok", text: kit.saved });
      void cache.invalidateQueries({ queryKey: ["site"] });
    },
  });
  const text = (field: "name" | "description" | "announcement" | "rules" | "terms") => ({
    label: texts.labels[field],
    hint: texts.hints[field],
    value: edit.form?.draft[field] ?? "",
    onChange: (value: string) => {
      edit.set({ [field]: value });
    },
  });
  return (
    <>
      <p className={styles.quiet}>{texts.lead}</p>
      <EditForm
        edit={edit}
        label={texts.form}
        labels={texts.labels}
        say={(field, value) => (field === "registration" ? texts.registrations[value as Settings["registration"]] : undefined)}
        isFit={({ name }) => name.trim() !== ""}
      >
        {({ draft }) => (
          <>
            <Section title={texts.who}>
              <TextField {...text("name")} maxLength={50} error={draft.name.trim() === "" ? texts.nameNeeded : null} />
              <TextField {...text("description")} maxLength={500} />
              <TextField {...text("announcement")} maxLength={500} />
            </Section>
            <Section title={texts.entry}>
              <Select
                label={texts.labels.registration}
                hint={texts.hints.registration}
                value={draft.registration}
                options={(["open", "invite", "closed"] as const).map((value) => ({ value, label: texts.registrations[value] }))}
                onChange={(registration) => {
                  edit.set({ registration });
                }}
              />
              <Switch
                label={texts.labels.emote_review}
                hint={texts.hints.emote_review}
                checked={draft.emote_review}
                onChange={(isOn) => {
                  edit.set({ emote_review: isOn });
                }}
              />
            </Section>
            <Section title={texts.words}>
              <TextArea {...text("rules")} rows={8} maxLength={10_000} />
              <TextArea {...text("terms")} rows={8} maxLength={10_000} />
            </Section>
          </>
        )}
      </EditForm>
    </>
  );
}
