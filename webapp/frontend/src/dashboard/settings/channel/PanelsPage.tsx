import type { ReactNode } from "react";

import { PanelsSection } from "../../../account/settings/PanelsSection";
import type { SectionProps } from "../../sections";
import kit from "../kit/Kit.module.css";

/** The boxes below the player of a channel. */
export default function PanelsPage({ login }: SectionProps): ReactNode {
  return (
    <div className={kit.page}>
      <PanelsSection user={{ login }} />
    </div>
  );
}
