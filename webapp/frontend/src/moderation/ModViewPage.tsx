/** A page of its own for moderators of a channel: chat, queue, log and all the rest beside each other. */

import { useEffect, useState, type ReactNode } from "react";

import { Link } from "../app/router";
import type { PageProps } from "../app/routes";
import { useTexts } from "../i18n";
import { Icon, IconButton } from "../ui";
import { useModerating } from "./context";
import { Gate, type Inside } from "./Gate";
import { KeysDialog } from "./KeysDialog";
import { PANES, show, type PaneId } from "./layout";
import styles from "./ModView.module.css";
import { LayoutMenu, OnePane, Panes, useLayout, useNarrow } from "./ModView";
import { TEXTS } from "./texts";
import { usePageKeys } from "./usePageKeys";

export default function ModViewPage({ params }: PageProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [turn, setTurn] = useState(0);
  return (
    <div className={styles.page}>
      <Gate
        login={params.login ?? ""}
        title={texts.modViewOf}
        onPerson={() => {
          setTurn((before) => before + 1);
        }}
      >
        {(inside) => <View inside={inside} personTurn={turn} />}
      </Gate>
    </div>
  );
}

function View({ inside, personTurn }: { inside: Inside; personTurn: number }): ReactNode {
  const { channel, me, texts } = useModerating();
  const [layout, setLayout] = useLayout(me.id);
  const isNarrow = useNarrow();
  const [chosen, choose] = useState<PaneId>("queue");
  const [isHelping, setIsHelping] = useState(false);
  usePageKeys({
    go: (id) => {
      if (isNarrow) choose(id);
      else setLayout(show(layout, id));
    },
    help: () => {
      setIsHelping(true);
    },
  });
  useEffect(() => {
    if (personTurn === 0) return;
    choose("person");
    setLayout(show(layout, "person"));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when somebody is chosen, and not when the panes are moved
  }, [personTurn]);
  return (
    <>
      <header className={styles.top}>
        <Icon name="shield" />
        <Link className={styles.channel} to={`/${channel.login}`}>
          <bdi>{channel.name}</bdi>
        </Link>
        <span className={styles.gap}>{texts.modView}</span>
        <IconButton
          icon="keyboard"
          label={texts.keys}
          onClick={() => {
            setIsHelping(true);
          }}
        />
        <IconButton
          icon="popout"
          label={texts.dock}
          onClick={() => {
            window.open(`/popout/${channel.login}/moderation`, `moderation-${channel.login}`, "width=420,height=720");
          }}
        />
        {!isNarrow && <LayoutMenu layout={layout} setLayout={setLayout} />}
      </header>
      {isNarrow ? (
        <OnePane panes={PANES} inside={inside} chosen={chosen} choose={choose} />
      ) : (
        <Panes inside={inside} layout={layout} setLayout={setLayout} />
      )}
      {isHelping && (
        <KeysDialog
          userId={me.id}
          onClose={() => {
            setIsHelping(false);
          }}
        />
      )}
    </>
  );
}
