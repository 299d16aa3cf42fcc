import { Component, useEffect, type ErrorInfo, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { Button, ButtonLink, Empty } from "../ui";
import { TEXTS } from "./texts";

const RELOADED = "weir-reloaded";

/** Catches what a page throws while it is drawn: the rest of the application goes on, and there is a way on. */
export class Catcher extends Component<{ children: ReactNode }, { failure: "crashed" | "missing" | null }> {
  override state = { failure: null };

  static getDerivedStateFromError(error: unknown): { failure: "crashed" | "missing" } {
    return { failure: isMissing(error) ? "missing" : "crashed" };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    if (!isMissing(error)) {
      console.error("a page crashed", error, info.componentStack);
    } else if (navigator.onLine) {
      reloadOnce();
    }
  }

  override render(): ReactNode {
    switch (this.state.failure as "crashed" | "missing" | null) {
      case null:
        return this.props.children;
      case "crashed":
        return <Crashed />;
      case "missing":
        return <Missing />;
    }
  }
}

/** A part of the application did not come: the site was updated since it was begun, or there is no network. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script failed/i.test(error.message);
}

/** Once a minute at most: a part that stays away must not reload the page for ever. */
function reloadOnce(): void {
  try {
    if (Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < 60_000) {
      return;
    }
    sessionStorage.setItem(RELOADED, String(Date.now()));
  } catch {
    return;
  }
  location.reload();
}

function reload(): void {
  location.reload();
}

function Missing(): ReactNode {
  const texts = useTexts(TEXTS);
  useEffect(() => {
    window.addEventListener("online", reload);
    return () => {
      window.removeEventListener("online", reload);
    };
  }, []);
  return (
    <Empty
      wholePage
      icon="refresh"
      title={texts.missing}
      text={texts.missingText}
      action={
        <Button kind="primary" onClick={reload}>
          {texts.reload}
        </Button>
      }
    />
  );
}

function Crashed(): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Empty
      wholePage
      icon="alert"
      title={texts.crashed}
      text={texts.crashedText}
      action={
        <>
          <Button kind="primary" onClick={reload}>
            {texts.reload}
          </Button>
          <ButtonLink to="/">{texts.toHome}</ButtonLink>
        </>
      }
    />
  );
}
