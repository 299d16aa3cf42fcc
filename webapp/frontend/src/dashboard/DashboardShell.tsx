/** What is around every page of a channel's dashboard: whose it is, where one can go, and whether one may be there. */

import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";

import { withNext } from "../account/next";
import type { Channel } from "../api/types";
import { Catcher } from "../app/Catcher";
import { Link, navigate, useLocation, useTitle } from "../app/router";
import { useLanguage, useTexts } from "../i18n";
import { ButtonLink, Empty, ErrorNote, Icon, LiveBadge, SpinnerPage } from "../ui";
import { useChannel } from "../watch/useChannel";
import { useAccess, type Access } from "./access";
import styles from "./Dashboard.module.css";
import { allows, type Standing } from "./rights";
import { dashboardPath, SECTIONS, type Group, type Section } from "./sections";
import { TEXTS } from "./texts";

const LogInAgain = lazy(async () => ({ default: (await import("./settings/kit/LogInAgain")).LogInAgain }));

const GROUPS: readonly Group[] = ["broadcast", "chat", "channel"];

/** `login` in lower case; `page` as in the address, null where it names none. */
export function DashboardShell({ login, page }: { login: string; page: string | null }): ReactNode {
  const texts = useTexts(TEXTS);
  const access = useLastingAccess(login);
  const { channel, error, refresh } = useChannel(login);
  const hadRight = useRef(false);
  const section = SECTIONS.find((one) => one.page === page);
  const standings = access.state === "known" ? access.standings : null;
  const mayOpen = standings !== null && section !== undefined && allows(standings, section.needs);
  useEffect(() => {
    hadRight.current ||= mayOpen;
  }, [mayOpen]);
  useTitle(texts.title);
  if (access.state === "failed") return <ErrorNote error={access.error} retry={access.retry} />;
  if (access.state === "anonymous") return <LoggedOut />;
  if (channel === null) return <NoChannel login={login} />;
  if (channel === undefined && error !== null) {
    const retry = (): void => {
      refresh(0);
    };
    return <ErrorNote error={error} retry={retry} />;
  }
  if (access.state === "loading" || channel === undefined) return <SpinnerPage label={texts.loading} />;
  if (page === null) return <ToFirst login={login} standings={access.standings} name={channel.broadcaster_name} />;
  return (
    <div className={styles.dashboard}>
      <Navigation login={login} channel={channel} standings={access.standings} />
      <div className={styles.content}>
        {section === undefined || !mayOpen ? (
          <NotHere login={login} channel={channel} section={section} standings={access.standings} hadRight={hadRight.current} />
        ) : (
          // What somebody typed is not for who logs in after them.
          <Opened key={`${section.page} ${access.user.id}`} section={section} login={login} channel={channel} />
        )}
      </div>
      {access.leave !== null && (
        <Suspense>
          <LogInAgain login={access.user.login} onClose={access.leave} />
        </Suspense>
      )}
    </div>
  );
}

type LastingAccess = Exclude<Access, { state: "known" }> | (Extract<Access, { state: "known" }> & { readonly leave: (() => void) | null });

/**
 * As `useAccess`, but when the session is over the page stays as it was, with everything that was typed, until somebody logs
 * in again or says `leave`.
 */
function useLastingAccess(login: string): LastingAccess {
  const access = useAccess(login);
  const [last, setLast] = useState<Extract<Access, { state: "known" }> | null>(null);
  if (access.state === "known" && access !== last) setLast(access);
  if (access.state === "known") return { ...access, leave: null };
  if (last === null || access.state === "failed") return access;
  const leave = (): void => {
    setLast(null);
  };
  // "loading": somebody has just logged in, and their roles are not known yet.
  return { ...last, leave: access.state === "anonymous" ? leave : null };
}

function Opened({ section, login, channel }: { section: Section; login: string; channel: Channel }): ReactNode {
  const texts = useTexts(TEXTS);
  const language = useLanguage();
  const label = section.label[language];
  useTitle(`${label} · ${channel.broadcaster_name}`);
  return (
    <>
      <h1 className={styles.heading}>{label}</h1>
      <Catcher>
        <Suspense fallback={<SpinnerPage label={texts.loading} />}>
          <section.component login={login} channel={channel} />
        </Suspense>
      </Catcher>
    </>
  );
}

interface NavigationProps {
  readonly login: string;
  readonly channel: Channel;
  readonly standings: ReadonlySet<Standing>;
}

function Navigation({ login, channel, standings }: NavigationProps): ReactNode {
  const texts = useTexts(TEXTS);
  const language = useLanguage();
  const { path } = useLocation();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone not all of them fit.
    list.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path]);
  return (
    <nav className={styles.side} aria-label={texts.navigation}>
      <div className={styles.whose}>
        <bdi className={styles.name}>{channel.broadcaster_name}</bdi>
        {channel.is_live && <LiveBadge />}
        <Link className={styles.toChannel} to={`/${login}`}>
          {texts.toChannel}
        </Link>
      </div>
      <div className={styles.groups} ref={list}>
        {GROUPS.map((group) => {
          const rows = SECTIONS.filter((one) => one.group === group && allows(standings, one.needs));
          return (
            rows.length > 0 && (
              <section key={group} className={styles.group}>
                <h2>{texts.groups[group]}</h2>
                <ul className={styles.rows}>
                  {rows.map((one) => (
                    <li key={one.page}>
                      <Link className={styles.row} to={dashboardPath(login, one.page)}>
                        <Icon name={one.icon} size={18} />
                        {one.label[language]}
                      </Link>
                    </li>
                  ))}
                </ul>
              </section>
            )
          );
        })}
      </div>
    </nav>
  );
}

function firstPage(standings: ReadonlySet<Standing>): string | null {
  return SECTIONS.find((one) => allows(standings, one.needs))?.page ?? null;
}

function ToFirst({ login, standings, name }: { login: string; standings: ReadonlySet<Standing>; name: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const first = firstPage(standings);
  useEffect(() => {
    if (first !== null) navigate(dashboardPath(login, first), { replace: true });
  }, [first, login]);
  return first === null ? <NoRight name={name} hadRight={false} /> : <SpinnerPage label={texts.loading} />;
}

interface NotHereProps extends NavigationProps {
  readonly section: Section | undefined;
  readonly hadRight: boolean;
}

function NotHere({ login, channel, section, standings, hadRight }: NotHereProps): ReactNode {
  const texts = useTexts(TEXTS);
  const first = firstPage(standings);
  if (first === null) return <NoRight name={channel.broadcaster_name} hadRight={hadRight} />;
  const [title, text] =
    section === undefined
      ? [texts.noPage, undefined]
      : hadRight
        ? [texts.lostRight, texts.lostRightText(channel.broadcaster_name)]
        : [texts.notThisPage, texts.notThisPageText(channel.broadcaster_name)];
  return (
    <Empty
      wholePage
      icon="lock"
      title={title}
      text={text}
      action={
        <ButtonLink kind="primary" to={dashboardPath(login, first)}>
          {texts.goOn}
        </ButtonLink>
      }
    />
  );
}

function NoRight({ name, hadRight }: { name: string; hadRight: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Empty
      wholePage
      icon="lock"
      title={hadRight ? texts.lostRight : texts.noRight}
      text={hadRight ? texts.lostRightText(name) : texts.noRightText(name)}
      action={
        <ButtonLink kind="primary" to="/dashboard">
          {texts.own}
        </ButtonLink>
      }
    />
  );
}

function NoChannel({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Empty
      wholePage
      icon="user"
      title={texts.noChannel}
      text={texts.noChannelText(login)}
      action={<ButtonLink to="/dashboard">{texts.own}</ButtonLink>}
    />
  );
}

function LoggedOut(): ReactNode {
  const texts = useTexts(TEXTS);
  const { path } = useLocation();
  return (
    <Empty
      wholePage
      icon="login"
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
