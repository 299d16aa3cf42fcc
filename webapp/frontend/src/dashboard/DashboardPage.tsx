import { useEffect, type ReactNode } from "react";

import { withNext } from "../account/next";
import { navigate, useLocation, useTitle } from "../app/router";
import type { PageProps } from "../app/routes";
import { useSession } from "../app/session";
import { useTexts } from "../i18n";
import { ButtonLink, Empty, SpinnerPage } from "../ui";
import { DashboardShell } from "./DashboardShell";
import { dashboardPath } from "./sections";
import { TEXTS } from "./texts";

/** `/dashboard`, which leads to one's own channel; `/dashboard/LOGIN` and `/dashboard/LOGIN/PAGE`. */
export default function DashboardPage({ params }: PageProps): ReactNode {
  const login = params.login?.toLowerCase();
  return login === undefined ? <ToOwn /> : <DashboardShell key={login} login={login} page={params.page ?? null} />;
}

function ToOwn(): ReactNode {
  const texts = useTexts(TEXTS);
  const { user, isLoading } = useSession();
  const { path } = useLocation();
  useTitle(texts.title);
  useEffect(() => {
    if (user !== null) navigate(dashboardPath(user.login, "stream"), { replace: true });
  }, [user]);
  if (isLoading || user !== null) return <SpinnerPage label={texts.loading} />;
  return (
    <Empty
      wholePage
      icon="stats"
      title={texts.title}
      text={texts.logInFirst}
      action={
        <ButtonLink kind="primary" to={withNext("/login", path)}>
          {texts.logIn}
        </ButtonLink>
      }
    />
  );
}
