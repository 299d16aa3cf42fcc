/** Everything for moderators but the chat in a small window: for OBS, and beside something else. */

import { useState, type ReactNode } from "react";

import type { PageProps } from "../app/routes";
import { useTexts } from "../i18n";
import { useModerating } from "./context";
import { Gate, type Inside } from "./Gate";
import { KeysDialog } from "./KeysDialog";
import type { PaneId } from "./layout";
import styles from "./ModView.module.css";
import { OnePane } from "./ModView";
import { TEXTS } from "./texts";
import { usePageKeys } from "./usePageKeys";

const DOCKED: readonly PaneId[] = ["queue", "log", "requests", "people", "person", "shield"];

export default function ModerationDockPage({ params }: PageProps): ReactNode {
  const texts = useTexts(TEXTS);
  const [chosen, choose] = useState<PaneId>("queue");
  return (
    <div className={styles.page}>
      <Gate
        login={params.login ?? ""}
        title={texts.dockOf}
        onPerson={() => {
          choose("person");
        }}
      >
        {(inside) => <Dock inside={inside} chosen={chosen} choose={choose} />}
      </Gate>
    </div>
  );
}

function Dock({ inside, chosen, choose }: { inside: Inside; chosen: PaneId; choose: (id: PaneId) => void }): ReactNode {
  const { me } = useModerating();
  const [isHelping, setIsHelping] = useState(false);
  usePageKeys({
    go: (id) => {
      if (DOCKED.includes(id)) choose(id);
    },
    help: () => {
      setIsHelping(true);
    },
  });
  return (
    <>
      <OnePane panes={DOCKED} inside={inside} chosen={chosen} choose={choose} />
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
