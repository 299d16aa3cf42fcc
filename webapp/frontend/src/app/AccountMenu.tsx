import { lazy, Suspense, type ReactNode } from "react";

import { send } from "../api/client";
import type { Me } from "../api/types";
import { LANGUAGES, problemText, setLanguage, useLanguage, useTexts, type Language } from "../i18n";
import { Avatar, ButtonLink, Icon, Menu, useMutationOnce, useToast, type MenuItem } from "../ui";
import { navigate, useLocation } from "./router";
import { refreshSession, useSession, useSite } from "./session";
import { TEXTS } from "./texts";
import { THEMES, useTheme } from "./theme";

const NoticeBell = lazy(async () => ({ default: (await import("../account/NoticeBell")).NoticeBell }));

/** Logging in and out, what is one's own, and how the page looks. */
export function AccountMenu({ signUpClass }: { signUpClass: string | undefined }): ReactNode {
  const { user, isLoading } = useSession();
  const texts = useTexts(TEXTS);
  const looks = useLooks();
  if (isLoading) {
    return null;
  }
  if (user === null) {
    return (
      <>
        <Entrance signUpClass={signUpClass} />
        <Menu label={texts.options} trigger={<Icon name="more" />} items={looks} />
      </>
    );
  }
  return (
    <>
      <Suspense>
        <NoticeBell />
      </Suspense>
      <OwnMenu user={user} looks={looks} />
    </>
  );
}

function Entrance({ signUpClass }: { signUpClass: string | undefined }): ReactNode {
  const texts = useTexts(TEXTS);
  const { registration } = useSite();
  const { path, search } = useLocation();
  const query = search.toString();
  const here = path + (query === "" ? "" : `?${query}`);
  const next = path === "/" || path === "/login" || path === "/signup" ? "" : `?next=${encodeURIComponent(here)}`;
  return (
    <>
      <ButtonLink to={`/login${next}`}>{texts.login}</ButtonLink>
      {registration !== "closed" && (
        <ButtonLink to={`/signup${next}`} kind="primary" className={signUpClass}>
          {texts.signup}
        </ButtonLink>
      )}
    </>
  );
}

function OwnMenu({ user, looks }: { user: Me; looks: readonly MenuItem[] }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const leave = useMutationOnce({
    mutationFn: () => send("DELETE", "/sessions/current"),
    onSuccess: async () => {
      await refreshSession();
      toast({ text: texts.loggedOut });
      navigate("/");
    },
    onError: (error) => {
      toast({ text: problemText(error), kind: "error" });
    },
  });
  const items: readonly MenuItem[] = [
    { heading: <bdi>{user.display_name}</bdi> },
    { label: texts.myChannel, icon: "user", to: `/${user.login}` },
    { label: texts.dashboard, icon: "stats", to: `/dashboard/${user.login}/stream` },
    ...(user.type === "" ? [] : [{ label: texts.administration, icon: "shield", to: "/admin" } as const]),
    { label: texts.settings, icon: "settings", to: "/settings/profile" },
    "line",
    ...looks,
    "line",
    {
      label: texts.logout,
      icon: "logout",
      onSelect: () => {
        leave.mutate();
      },
    },
  ];
  return <Menu label={texts.account} trigger={<Avatar user={user} size={30} />} items={items} />;
}

/** Choices of theme and language, for a menu. */
function useLooks(): readonly MenuItem[] {
  const texts = useTexts(TEXTS);
  const language = useLanguage();
  const [theme, setTheme] = useTheme();
  return [
    { heading: texts.theme },
    ...THEMES.map((choice) => ({
      label: texts.themes[choice],
      checked: choice === theme,
      onSelect: () => {
        setTheme(choice);
      },
    })),
    { heading: texts.language },
    ...(Object.entries(LANGUAGES) as [Language, string][]).map(([choice, label]) => ({
      label,
      checked: choice === language,
      onSelect: () => {
        setLanguage(choice);
      },
    })),
  ];
}
