/** Lets moderators in; others are told why not, also when their rights are lost while the page is open. */

import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";

import { ApiError, get } from "../api/client";
import type { Channel, Data, Me } from "../api/types";
import { queryClient } from "../app/queries";
import { useLocation, useTitle } from "../app/router";
import { refreshSession, useSession } from "../app/session";
import { useTexts } from "../i18n";
import { Button, ButtonLink, Empty, ErrorNote, Icon, IconButton, SpinnerPage, cx } from "../ui";
import { ModActs, Sayings } from "./acts";
import { ModeratingContext, type Moderating } from "./context";
import styles from "./Moderation.module.css";
import { parseKeys } from "./keys";
import { shieldQuery } from "./shield";
import { useStored } from "./stored";
import { TEXTS } from "./texts";
import { useDesk } from "./useDesk";
import type { DeskView } from "./desk";
import { usePerson, type Chosen } from "./usePerson";

/** What the page inside is given. */
export interface Inside {
  readonly view: DeskView;
  readonly person: Chosen | null;
}

interface GateProps {
  readonly login: string;
  readonly title: (name: string) => string;
  readonly children: (inside: Inside) => ReactNode;
  /** Called when somebody's card is to be shown. */
  readonly onPerson?: () => void;
}

/** Everything a moderator's page stands on. `login` in any case. */
export function Gate({ login, ...rest }: GateProps): ReactNode {
  const texts = useTexts(TEXTS);
  const wanted = login.toLowerCase();
  const { user, isLoading } = useSession();
  const [wasIn, setWasIn] = useState(false);
  const { path } = useLocation();
  const channel = useQuery({
    queryKey: ["moderation-channel", wanted],
    queryFn: ({ signal }) => get<Data<Channel>>(`/channels/${wanted}`, undefined, signal),
    staleTime: 60_000,
    enabled: user !== null,
  });
  const found = channel.data?.data[0];
  useTitle(rest.title(found?.broadcaster_name ?? login));
  useEffect(() => {
    if (user !== null) setWasIn(true);
  }, [user]);
  if (isLoading) return <SpinnerPage label={texts.loading} />;
  if (user === null) {
    return (
      <Barred
        title={wasIn ? texts.sessionOver : texts.logInTitle}
        text={wasIn ? texts.sessionOverText : ""}
        action={<ButtonLink to={`/login?next=${encodeURIComponent(path)}`}>{texts.logIn}</ButtonLink>}
      />
    );
  }
  if (channel.error instanceof ApiError && channel.error.status === 404) {
    return <Barred title={texts.notFound} text={texts.notFoundText} />;
  }
  if (found === undefined) {
    return channel.error === null ? <SpinnerPage label={texts.loading} /> : <ErrorNote error={channel.error} retry={channel.refetch} />;
  }
  return <Rights key={found.broadcaster_id} user={user} channel={found} {...rest} />;
}

/** Rights are looked at again and again: a role may be taken at any moment. */
function Rights({ user, channel, ...rest }: { user: Me; channel: Channel } & Omit<GateProps, "login">): ReactNode {
  const texts = useTexts(TEXTS);
  const [wasIn, setWasIn] = useState(false);
  const login = channel.broadcaster_login;
  const { data, error, refetch, isFetching } = useQuery(shieldQuery(login));
  useEffect(() => {
    if (data !== undefined) setWasIn(true);
  }, [data]);
  if (error instanceof ApiError && (error.status === 403 || error.status === 404)) {
    return (
      <Barred
        title={wasIn ? texts.lostRight(channel.broadcaster_name) : texts.noRight(channel.broadcaster_name)}
        text={wasIn ? texts.lostRightText : texts.noRightText}
        action={
          <div className={styles.buttons}>
            <Button busy={isFetching} onClick={() => void refetch()}>
              {texts.lookAgain}
            </Button>
            <ButtonLink to={`/${login}`}>{texts.toChannel}</ButtonLink>
          </div>
        }
      />
    );
  }
  if (data === undefined) return error === null ? <SpinnerPage label={texts.loading} /> : <ErrorNote error={error} retry={refetch} />;
  return <Room user={user} channel={channel} {...rest} />;
}

function Barred({ title, text, action }: { title: string; text: string; action?: ReactNode }): ReactNode {
  return (
    <div className={styles.barred} data-testid="mod-barred">
      <h1 className="visually-hidden">{title}</h1>
      <Empty icon="shield" title={title} text={text} action={action} />
    </div>
  );
}

const SWEEP_MS = 2_000;

function Room({ user, channel, title, children, onPerson }: { user: Me; channel: Channel } & Omit<GateProps, "login">): ReactNode {
  const texts = useTexts(TEXTS);
  const login = channel.broadcaster_login;
  const { desk, view } = useDesk(login, user.id);
  const [sayings] = useState(() => new Sayings());
  const lookAtRights = useCallback(() => {
    void refreshSession();
    void queryClient.invalidateQueries({ queryKey: shieldQuery(login).queryKey });
  }, [login]);
  const acts = useMemo(() => new ModActs(login, desk, sayings, texts, lookAtRights), [login, desk, sayings, texts, lookAtRights]);
  const [keys] = useStored(`weir-mod-keys:${user.id}`, parseKeys);
  const [person, openPerson] = usePerson(onPerson);
  useEffect(() => {
    const timer = setInterval(() => {
      // Nothing moves under a pointer that is about to press.
      if (document.querySelector("[data-holds]:hover") === null) desk.sweep();
    }, SWEEP_MS);
    return () => {
      clearInterval(timer);
    };
  }, [desk]);
  const moderating = useMemo(
    (): Moderating => ({
      login,
      channel: { id: channel.broadcaster_id, login, name: channel.broadcaster_name },
      me: { id: user.id, login: user.login },
      desk,
      acts,
      sayings,
      texts,
      keys,
      openPerson,
    }),
    [login, channel.broadcaster_id, channel.broadcaster_name, user.id, user.login, desk, acts, sayings, texts, keys, openPerson],
  );
  return (
    <ModeratingContext value={moderating}>
      <h1 className="visually-hidden">{title(channel.broadcaster_name)}</h1>
      {children({ view, person })}
      <Foot sayings={sayings} acts={acts} />
    </ModeratingContext>
  );
}

const SHOWN_MS = 12_000;

/** What was done last, and the way back. */
function Foot({ sayings, acts }: { sayings: Sayings; acts: ModActs }): ReactNode {
  const texts = useTexts(TEXTS);
  const said = useSyncExternalStore(sayings.subscribe, sayings.last);
  const [shown, setShown] = useState(0);
  const id = said?.id ?? 0;
  useEffect(() => {
    setShown(id);
    const timer = setTimeout(() => {
      setShown(0); // it can still be taken back by its key
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [id]);
  const isShown = said !== null && shown === id;
  return (
    <div className={styles.foot} role="status" data-testid="mod-said">
      {isShown && (
        <p className={cx(styles.said, said.isError && styles.wrong)}>
          <Icon name={said.isError ? "alert" : "check"} size={18} />
          <bdi>{said.text}</bdi>
          {said.undo !== null && (
            <Button
              size="small"
              onClick={() => {
                void acts.undo();
              }}
            >
              {texts.undo}
            </Button>
          )}
          <IconButton
            icon="close"
            size="small"
            label={texts.dismiss}
            onClick={() => {
              setShown(0);
            }}
          />
        </p>
      )}
    </div>
  );
}
