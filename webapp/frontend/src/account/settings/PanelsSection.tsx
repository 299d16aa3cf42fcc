import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";
import { flushSync } from "react-dom";

import { get, send } from "../../api/client";
import type { Channel, Data, Me, Schemas } from "../../api/types";
import { EditForm } from "../../dashboard/settings/kit/EditForm";
import kit from "../../dashboard/settings/kit/Kit.module.css";
import { useEdit } from "../../dashboard/settings/kit/useEdit";
import { useTexts } from "../../i18n";
import { Button, ErrorNote, IconButton, TextArea, TextField, useMutationOnce, useToast } from "../../ui";
import { only } from "../types";
import { added, bare, drafts, inShort, MAX_PANELS, moved, panelFault, sendable, type Draft } from "./panels";
import { PictureButton } from "./PictureButton";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

interface Panels {
  readonly panels: readonly Draft[];
}

/** The panels below the player of a channel that one edits; its login is its owner's. What is typed stays in the tab until it is saved. */
export function PanelsSection({ user }: { user: Pick<Me, "login"> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const add = useRef<HTMLButtonElement>(null);
  const [isChecked, setIsChecked] = useState(false);
  const path = `/channels/${user.login}`;
  const edit = useEdit<Panels>({
    name: `${user.login}/panels`,
    load: async (signal) => panelsOf(only(await get<Data<Channel>>(path, undefined, signal))),
    save: async (_, was, { panels }) => {
      const before = was.panels === undefined ? {} : { was: { panels: was.panels.map(bare) } };
      return panelsOf(only(await send<Data<Channel>>("PATCH", path, { panels: sendable(panels), ...before })));
    },
    onSaved: () => {
      setIsChecked(false);
      toast({ kind: "ok", text: texts.saved });
      void cache.invalidateQueries({ queryKey: ["channel"] });
    },
  });
  const isFit = ({ panels }: Panels): boolean => {
    const fit = panels.every((panel) => panelFault(panel) === null);
    // Drawn before the form looks for the field that is wrong, to lead there.
    flushSync(() => { setIsChecked(!fit); });
    return fit;
  };
  const set = (panels: readonly Draft[]): void => { edit.set({ panels }); };
  return (
    <Section title={texts.panels} text={texts.panelsText}>
      <div className={kit.inCard}>
        <EditForm edit={edit} label={texts.panels} labels={{ panels: texts.panels }} say={(_, value) => inShort(value as readonly Draft[])} isFit={isFit}>
          {({ draft: { panels } }) => (
            <div className={styles.panels}>
              {panels.map((panel, index) => (
                <PanelFields
                  key={panel.key}
                  login={user.login}
                  panel={panel}
                  number={index + 1}
                  isFirst={index === 0}
                  isLast={index === panels.length - 1}
                  isChecked={isChecked}
                  onChange={(change) => { set(panels.map((one) => (one.key === panel.key ? { ...one, ...change } : one))); }}
                  onMove={(by) => { set(moved(panels, panel.key, by)); }}
                  onRemove={() => {
                    set(panels.filter((one) => one.key !== panel.key));
                    add.current?.focus();
                  }}
                />
              ))}
              <div className={styles.actions}>
                <Button ref={add} icon="plus" disabled={panels.length >= MAX_PANELS} onClick={() => { set(added(panels)); }}>
                  {texts.panelAdd}
                </Button>
                <span className={styles.quiet}>{texts.panelsCounted(panels.length, MAX_PANELS)}</span>
              </div>
            </div>
          )}
        </EditForm>
      </div>
    </Section>
  );
}

function panelsOf(channel: Channel): Panels {
  return { panels: drafts(channel.panels) };
}

interface PanelFieldsProps {
  readonly login: string;
  readonly panel: Draft;
  readonly number: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isChecked: boolean;
  readonly onChange: (change: Partial<Draft>) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
}

function PanelFields({ login, panel, number, isFirst, isLast, isChecked, onChange, onMove, onRemove }: PanelFieldsProps): ReactNode {
  const texts = useTexts(TEXTS);
  const fault = isChecked ? panelFault(panel) : null;
  return (
    <fieldset className={styles.card}>
      <legend className="visually-hidden">{texts.panel(number)}</legend>
      <div className={styles.actions}>
        <strong className={styles.grow} aria-hidden="true">
          {texts.panel(number)}
        </strong>
        <IconButton icon="chevron-up" label={texts.panelUp(number)} aria-disabled={isFirst} className={isFirst ? styles.off : undefined} onClick={() => { onMove(-1); }} />
        <IconButton icon="chevron-down" label={texts.panelDown(number)} aria-disabled={isLast} className={isLast ? styles.off : undefined} onClick={() => { onMove(1); }} />
        <IconButton icon="trash" label={texts.panelRemove(number)} onClick={onRemove} />
      </div>
      <TextField label={texts.panelTitle} value={panel.title} onChange={(title) => { onChange({ title }); }} maxLength={200} />
      <TextArea
        label={texts.panelText}
        hint={texts.panelTextHint}
        value={panel.text}
        onChange={(text) => { onChange({ text }); }}
        error={fault === "long" ? texts.panelLong : undefined}
      />
      <TextField
        label={texts.panelLink}
        value={panel.link ?? ""}
        onChange={(link) => { onChange({ link }); }}
        error={fault === "link" ? texts.panelLinkFault : undefined}
        type="url"
        inputMode="url"
        placeholder="https://"
        maxLength={500}
      />
      <PanelPicture login={login} image={panel.image} onChange={(image) => { onChange({ image }); }} />
    </fieldset>
  );
}

interface PanelPictureProps {
  readonly login: string;
  readonly image: string | null;
  readonly onChange: (image: string | null) => void;
}

function PanelPicture({ login, image, onChange }: PanelPictureProps): ReactNode {
  const texts = useTexts(TEXTS);
  const upload = useMutationOnce<string, File>({
    mutationFn: async (file) => only(await send<Data<Schemas["Picture"]>>("POST", `/channels/${login}/panel-images`, file)).name,
    onSuccess: (name) => {
      onChange(name);
    },
  });
  return (
    <div className={styles.picture}>
      {image !== null && <img className={styles.panelImage} src={`/assets/${image}`} alt={texts.panelImage} />}
      <div className={styles.actions}>
        <PictureButton busy={upload.isPending} onChoose={upload.mutate} />
        {image !== null && (
          <Button kind="ghost" onClick={() => { onChange(null); }}>
            {texts.removePicture}
          </Button>
        )}
      </div>
      <ErrorNote error={upload.error} />
    </div>
  );
}
