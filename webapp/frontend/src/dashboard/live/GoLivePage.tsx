/** Three steps from an account to a stream. */

import { useId, type ReactNode } from "react";

import { useSite } from "../../app/session";
import { useAccess } from "../access";
import { CopyField } from "../CopyField";
import { useTexts } from "../../i18n";
import type { SectionProps } from "../sections";
import { KeyBox } from "./KeyBox";
import styles from "./live.module.css";
import { TestPictureBox } from "./TestPictureBox";
import { TEXTS } from "./texts";
import { Waiting } from "./Waiting";

export default function GoLivePage({ login }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const access = useAccess(login);
  const isOwner = access.state === "known" && access.standings.has("owner");
  const server = `${useSite().urls.rtmp}/live`;
  return (
    <ol className={styles.steps}>
      <Step number={1} title={texts.step1} text={texts.step1Text}>
        <CopyField label={texts.server} value={server} />
        {isOwner ? <KeyBox login={login} /> : <p className={styles.quiet}>{texts.ownerOnly}</p>}
      </Step>
      <Step number={2} title={texts.step2} text={texts.step2Text}>
        <ObsSettings />
      </Step>
      <Step number={3} title={texts.step3} text={texts.step3Text}>
        <Waiting login={login} />
        <TestPictureBox login={login} />
      </Step>
    </ol>
  );
}

function Step({ number, title, text, children }: { number: number; title: string; text: string; children: ReactNode }): ReactNode {
  const id = useId();
  return (
    <li className={styles.step}>
      <section aria-labelledby={id} className={styles.inside}>
        <h2 id={id}>
          <span className={styles.number} aria-hidden="true">
            {number}
          </span>
          {title}
        </h2>
        <p className={styles.quiet}>{text}</p>
        {children}
      </section>
    </li>
  );
}

function ObsSettings(): ReactNode {
  const texts = useTexts(TEXTS);
  const rows = [
    [texts.obsStream, texts.obsStreamText],
    [texts.obsOutput, texts.obsOutputText],
    [texts.obsAudio, texts.obsAudioText],
    [texts.obsVideo, texts.obsVideoText],
  ] as const;
  return (
    <>
      <dl className={styles.settings}>
        {rows.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <p className={styles.important}>{texts.obsKeyframes}</p>
      <p className={styles.quiet}>{texts.obsUpload}</p>
      <p className={styles.quiet}>{texts.others}</p>
    </>
  );
}
