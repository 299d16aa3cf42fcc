import type { ReactNode } from "react";

import type { Me } from "../../api/types";
import { AppsSection } from "./AppsSection";
import { PasswordSection } from "./PasswordSection";
import { SessionsSection } from "./SessionsSection";
import { TokensSection } from "./TokensSection";
import { TotpSection } from "./TotpSection";

/** Who gets in, and who is in. */
export function SecurityTab({ user }: { user: Me }): ReactNode {
  return (
    <>
      <PasswordSection />
      <TotpSection user={user} />
      <SessionsSection />
      <TokensSection />
      <AppsSection />
    </>
  );
}
