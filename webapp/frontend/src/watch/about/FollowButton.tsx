import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { get, send } from "../../api/client";
import type { Data, Following } from "../../api/types";
import { queryClient } from "../../app/queries";
import { useSession } from "../../app/session";
import { useProblemText, useTexts } from "../../i18n";
import { Button, ButtonLink, IconButton, useMutationOnce, useToast } from "../../ui";
import styles from "./About.module.css";
import { TEXTS } from "./texts";

type Follow = Pick<Following, "notify">;

async function readFollow(login: string, signal: AbortSignal): Promise<Follow | null> {
  // The list, not the one: "no" is an answer here, and not a failure that browsers complain about.
  return (await get<Data<Follow>>("/users/me/follows", { broadcaster_login: login }, signal)).data[0] ?? null;
}

/** What to do: follow with or without a bell, or no longer. */
type Wish = { readonly notify: boolean } | "unfollow";

/** Follow, and the bell beside it. Nothing on one's own channel. */
export function FollowButton({ login, name, ownerId }: { login: string; name: string; ownerId: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const { user, isLoading } = useSession();
  const own = user?.id === ownerId;
  const key = ["follow", login, user?.id];
  const { data: follow } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => readFollow(login, signal),
    enabled: user !== null && !own,
  });
  const wish = useMutationOnce<Follow | null, Wish>({
    mutationFn: async (wanted) => {
      if (wanted === "unfollow") {
        await send("DELETE", `/channels/${login}/followers/me`);
        return null;
      }
      return (await send<Data<Follow>>("PUT", `/channels/${login}/followers/me`, wanted)).data[0] ?? null;
    },
    onSuccess: (now) => {
      if (now !== null && follow) {
        toast({ kind: "ok", text: now.notify ? texts.told(name) : texts.notTold(name) });
      }
      queryClient.setQueryData(key, now);
      // The sidebar, the list of followed channels, how many follow, and whether a stream for followers opens.
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith("follow") && queryKey !== key });
      void queryClient.invalidateQueries({ queryKey: ["watched", login] });
    },
    onError: (error) => {
      toast({ kind: "error", text: say(error) });
    },
  });
  if (own || isLoading) {
    return null;
  }
  if (user === null) {
    return (
      <ButtonLink kind="primary" icon="heart" to={`/login?next=${encodeURIComponent(`/${login}`)}`} title={texts.logInTo}>
        {texts.follow}
      </ButtonLink>
    );
  }
  if (!follow) {
    return (
      <Button
        kind="primary"
        icon="heart"
        busy={wish.isPending || follow === undefined}
        onClick={() => {
          wish.mutate({ notify: true });
        }}
      >
        {texts.follow}
      </Button>
    );
  }
  return (
    <span className={styles.pair}>
      <Button
        icon="heart-filled"
        busy={wish.isPending}
        aria-label={`${texts.following}: ${texts.unfollow(name)}` /* what is seen is part of what is said */}
        title={texts.unfollow(name)}
        onClick={() => {
          wish.mutate("unfollow");
        }}
      >
        <span className={styles.word}>{texts.following}</span>
      </Button>
      <IconButton
        icon={follow.notify ? "bell" : "bell-off"}
        label={follow.notify ? texts.bellOff : texts.bellOn}
        onClick={() => {
          wish.mutate({ notify: !follow.notify });
        }}
      />
    </span>
  );
}
