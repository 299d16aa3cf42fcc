import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { Secret } from "../../../account/settings/Secret";
import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { only } from "../../../account/types";
import { send } from "../../../api/client";
import { usePages } from "../../../api/pages";
import type { Data } from "../../../api/types";
import { useTexts } from "../../../i18n";
import { Button, Checkbox, Dialog, ErrorNote, TextArea, TextField, Time, useMutationOnce, useToast } from "../../../ui";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import { Rows } from "../kit/Rows";
import { TEXTS } from "./texts";
import { addressesOf, type App } from "./types";

/** Programs that other people may let act for them. */
export function AppsSection(): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const [isMaking, setIsMaking] = useState(false);
  const pages = usePages<App>(["apps"], "/apps");
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: ["apps"] });
  const close = (): void => {
    setIsMaking(false);
  };
  return (
    <Section title={texts.apps} text={texts.appsText}>
      {isMaking ? (
        <AppForm app={null} onSaved={refresh} onClose={close} />
      ) : (
        <div className={kit.actions}>
          <Button icon="plus" onClick={() => { setIsMaking(true); }}>
            {texts.appNew}
          </Button>
        </div>
      )}
      <Rows pages={pages} testId="apps" empty={texts.appsNone}>
        {(app) => <AppRow key={app.client_id} app={app} onChanged={refresh} />}
      </Rows>
    </Section>
  );
}

interface AppFormProps {
  /** Null: a new one. */
  readonly app: App | null;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

function AppForm({ app, onSaved, onClose }: AppFormProps): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const draft = app === null ? "app" : `app ${app.client_id}`;
  const [name, setName] = useKeptText(`${draft} name`, app?.name);
  const [uris, setUris] = useKeptText(`${draft} uris`, app?.redirect_uris.join("\n"));
  const [isPublic, setIsPublic] = useState(false);
  const [fault, setFault] = useState("");
  const act = useMutationOnce({
    mutationFn: async () => {
      const wanted = { name: name.trim(), redirect_uris: addressesOf(uris) };
      if (app !== null) return only(await send<Data<App>>("PATCH", `/apps/${app.client_id}`, wanted));
      return only(await send<Data<App>>("POST", "/apps", { ...wanted, type: isPublic ? "public" : "confidential" }));
    },
    onSuccess: async (made) => {
      setName("");
      setUris("");
      await onSaved();
      if (made.client_secret === undefined) {
        toast({ kind: "ok", text: texts.saved });
        onClose();
      }
    },
  });
  if (act.data?.client_secret !== undefined) return <ShownSecret app={act.data} onDone={onClose} />;
  return (
    <form
      className={rows.form}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        const isWrong = name.trim() === "" || Array.from(name.trim()).length > 60;
        setFault(isWrong ? texts.appNameFault : "");
        if (!isWrong) act.mutate();
      }}
    >
      <ErrorNote error={act.error} />
      <TextField label={texts.appName} hint={texts.appNameHint} value={name} onChange={setName} error={fault} maxLength={120} autoComplete="off" autoFocus />
      <TextArea label={texts.appUris} hint={texts.appUrisHint} value={uris} onChange={setUris} rows={3} spellCheck={false} />
      {app === null && <Checkbox label={texts.appPublic} hint={texts.appPublicHint} checked={isPublic} onChange={setIsPublic} />}
      <div className={kit.actions}>
        <Button type="submit" kind="primary" busy={act.isPending}>
          {app === null ? texts.appMake : texts.save}
        </Button>
        <Button
          kind="ghost"
          onClick={() => {
            setName("");
            setUris("");
            onClose();
          }}
        >
          {texts.cancel}
        </Button>
      </div>
    </form>
  );
}

function ShownSecret({ app, onDone }: { app: App; onDone: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={kit.group} role="status">
      <p>{texts.secretShown}</p>
      <Labelled label={texts.clientId} text={app.client_id} />
      <Labelled label={texts.secret} text={app.client_secret ?? ""} />
      <div className={kit.actions}>
        <Button kind="primary" onClick={onDone}>
          {texts.done}
        </Button>
      </div>
    </div>
  );
}

/** There are two of them: which is which is to be seen, too. */
function Labelled({ label, text }: { label: string; text: string }): ReactNode {
  return (
    <div>
      <strong aria-hidden="true">{label}</strong>
      <Secret label={label} text={text} />
    </div>
  );
}

function AppRow({ app, onChanged }: { app: App; onChanged: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [opened, setOpened] = useState<"" | "edit" | "rotate" | "remove">("");
  const rotation = useMutationOnce({ mutationFn: async () => only(await send<Data<App>>("POST", `/apps/${app.client_id}/secret`)) });
  const removal = useMutationOnce({
    mutationFn: () => send("DELETE", `/apps/${app.client_id}`),
    onSuccess: async () => {
      setOpened("");
      toast({ kind: "ok", text: texts.removed });
      await onChanged();
    },
  });
  const close = (): void => {
    setOpened("");
    rotation.reset();
  };
  const titles = { "": "", edit: texts.editOf(app.name), rotate: texts.rotateOf(app.name), remove: texts.removeOf(app.name) };
  const isRotating = opened === "rotate";
  return (
    <li className={rows.row}>
      <div className={rows.rowText}>
        <span className={rows.rowName}>
          <bdi>{app.name}</bdi>
        </span>
        <span className={rows.meta}>
          <code>{app.client_id}</code>
          <span>{app.type === "public" ? texts.public : texts.confidential}</span>
          <span>
            {texts.made} <Time value={app.created_at} />
          </span>
        </span>
      </div>
      <div className={kit.actions}>
        <Button aria-label={titles.edit} onClick={() => { setOpened("edit"); }}>
          {texts.edit}
        </Button>
        {app.type === "confidential" && (
          <Button aria-label={titles.rotate} onClick={() => { setOpened("rotate"); }}>
            {texts.rotate}
          </Button>
        )}
        <Button aria-label={titles.remove} onClick={() => { setOpened("remove"); }}>
          {texts.remove}
        </Button>
      </div>
      <Dialog open={opened !== ""} title={titles[opened]} onClose={close}>
        {opened === "edit" ? (
          <AppForm app={app} onSaved={onChanged} onClose={close} />
        ) : rotation.data !== undefined ? (
          <ShownSecret app={rotation.data} onDone={close} />
        ) : (
          <div className={kit.group}>
            <p>{isRotating ? texts.rotateText : texts.removeText}</p>
            <ErrorNote error={isRotating ? rotation.error : removal.error} />
            <div className={kit.actions}>
              <Button
                kind="danger"
                busy={rotation.isPending || removal.isPending}
                onClick={() => {
                  if (isRotating) rotation.mutate();
                  else removal.mutate();
                }}
              >
                {isRotating ? texts.rotate : texts.remove}
              </Button>
              <Button kind="ghost" onClick={close}>
                {texts.cancel}
              </Button>
            </div>
          </div>
        )}
      </Dialog>
    </li>
  );
}
