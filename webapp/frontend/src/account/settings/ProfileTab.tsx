import { useState, type ReactNode, type SyntheticEvent } from "react";

import { ApiError, send } from "../../api/client";
import type { Me } from "../../api/types";
import { refreshSession, useSite } from "../../app/session";
import { useTexts } from "../../i18n";
import { Avatar, Badge, Button, ErrorNote, Switch, TextArea, TextField, useMutationOnce, useToast } from "../../ui";
import { PasswordField, useFaults } from "../fields";
import { EMAIL_PATTERN } from "../refusal";
import { ColourField } from "./ColourField";
import { PanelsSection } from "./PanelsSection";
import { PictureButton } from "./PictureButton";
import { Section } from "./Section";
import styles from "./settings.module.css";
import { TEXTS } from "./texts";

const MAX_ABOUT = 300;

/** How somebody is shown to others, and their e-mail address. */
export function ProfileTab({ user }: { user: Me }): ReactNode {
  return (
    <>
      <Picture user={user} />
      <Profile user={user} />
      <Email user={user} />
      <PanelsSection user={user} />
    </>
  );
}

function Picture({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const done = (text: string) => async () => {
    await refreshSession();
    toast({ kind: "ok", text });
  };
  const upload = useMutationOnce<unknown, File>({
    mutationFn: (file) => send("PUT", "/users/me/profile-image", file),
    onSuccess: done(texts.pictureSaved),
  });
  const removal = useMutationOnce({
    mutationFn: () => send("DELETE", "/users/me/profile-image"),
    onSuccess: done(texts.pictureRemoved),
  });
  return (
    <Section title={texts.picture} text={texts.pictureHint}>
      <div className={styles.picture}>
        <Avatar user={user} size={88} />
        <div className={styles.actions}>
          <PictureButton busy={upload.isPending} onChoose={upload.mutate} />
          {user.profile_image_url !== "" && (
            <Button
              kind="ghost"
              busy={removal.isPending}
              onClick={() => {
                removal.mutate();
              }}
            >
              {texts.removePicture}
            </Button>
          )}
        </div>
      </div>
      <ErrorNote error={upload.error ?? removal.error} />
    </Section>
  );
}

function Profile({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [name, setName] = useState(user.display_name);
  const [about, setAbout] = useState(user.description);
  const [colour, setColour] = useState(user.chat_color);
  const [isBot, setIsBot] = useState(user.is_bot);
  const { form, faults, setFaults } = useFaults<"name" | "about">();
  const act = useMutationOnce({
    mutationFn: () =>
      send("PATCH", "/users/me", { display_name: name, description: about, chat_color: colour, is_bot: isBot }),
    onSuccess: async () => {
      await refreshSession();
      toast({ kind: "ok", text: texts.saved });
    },
    onError: (error) => {
      if (!(error instanceof ApiError) || error.status !== 400) return;
      if (error.message.includes("display_name")) setFaults({ name: texts.displayNameFault(user.login) });
      else if (error.message.includes("description")) setFaults({ about: texts.aboutFault });
    },
  });
  const isPlaced = faults.name !== undefined || faults.about !== undefined;
  return (
    <Section title={texts.profile}>
      <form
        ref={form}
        className={styles.form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          const tooLong = Array.from(about).length > MAX_ABOUT;
          setFaults(tooLong ? { about: texts.aboutFault } : {});
          if (!tooLong) act.mutate();
        }}
      >
        {!isPlaced && <ErrorNote error={act.error} />}
        <TextField
          label={texts.displayName}
          hint={texts.displayNameHint(user.login)}
          value={name}
          onChange={setName}
          error={faults.name}
          autoComplete="nickname"
          spellCheck={false}
          maxLength={50}
        />
        <TextArea label={texts.about} hint={texts.aboutHint} value={about} onChange={setAbout} error={faults.about} />
        <ColourField value={colour} onChange={setColour} />
        <Switch label={texts.isBot} hint={texts.isBotHint} checked={isBot} onChange={setIsBot} />
        <div className={styles.actions}>
          <Button type="submit" kind="primary" busy={act.isPending}>
            {texts.save}
          </Button>
        </div>
      </form>
    </Section>
  );
}

function Email({ user }: { user: Me }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const { features } = useSite();
  const [email, setEmail] = useState(user.email ?? "");
  const [password, setPassword] = useState("");
  const { form, faults, setFaults } = useFaults<"email" | "password">();
  const address = email.trim();
  const act = useMutationOnce({
    mutationFn: () => send("PUT", "/users/me/email", { password, email: address === "" ? null : address }),
    onSuccess: async () => {
      await refreshSession();
      setPassword("");
      const sent = features.mail === true ? texts.emailSent : texts.emailChanged;
      toast({ kind: "ok", text: address === "" ? texts.emailGone : sent });
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      if (error.reason === "wrong_password") setFaults({ password: texts.wrongPassword });
      else if (error.status === 400) setFaults({ email: texts.emailFault });
    },
  });
  const isPlaced = faults.email !== undefined || faults.password !== undefined;
  return (
    <Section title={texts.emailTitle}>
      {user.email ? (
        <div className={styles.actions}>
          <bdi>{user.email}</bdi>
          <Badge kind={user.email_verified === true ? "accent" : "plain"}>
            {user.email_verified === true ? texts.emailConfirmed : texts.emailUnconfirmed}
          </Badge>
          {user.email_verified !== true && features.mail === true && <p className={styles.quiet}>{texts.emailUnconfirmedHint}</p>}
        </div>
      ) : (
        <p className={styles.quiet}>{texts.emailNone}</p>
      )}
      <form
        ref={form}
        className={styles.form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          const wrong = address !== "" && !EMAIL_PATTERN.test(address);
          setFaults(wrong ? { email: texts.emailFault } : {});
          if (!wrong) act.mutate();
        }}
      >
        {!isPlaced && <ErrorNote error={act.error} />}
        <TextField
          label={texts.emailNew}
          hint={texts.emailNewHint}
          value={email}
          onChange={setEmail}
          error={faults.email}
          type="email"
          autoComplete="email"
          maxLength={254}
        />
        <PasswordField
          label={texts.yourPassword}
          hint={texts.yourPasswordHint}
          value={password}
          onChange={setPassword}
          error={faults.password}
        />
        <div className={styles.actions}>
          <Button type="submit" busy={act.isPending}>
            {texts.emailSave}
          </Button>
        </div>
      </form>
    </Section>
  );
}
