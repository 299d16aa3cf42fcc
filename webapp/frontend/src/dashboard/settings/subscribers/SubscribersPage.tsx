import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { LOGIN_PATTERN } from "../../../account/refusal";
import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { ApiError, get, send } from "../../../api/client";
import type { Schemas } from "../../../api/types";
import { Link } from "../../../app/router";
import { useSession } from "../../../app/session";
import { useFormat, useTexts } from "../../../i18n";
import { Badge, Button, ErrorNote, Select, Skeleton, TextField, Time, useMutationOnce, useToast } from "../../../ui";
import { GiftDialog } from "../../../watch/about/GiftDialog";
import type { SectionProps } from "../../sections";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import { TEXTS as KIT_TEXTS } from "../kit/texts";
import { TEXTS } from "./texts";

type SubscriberPage = Schemas["SubscriptionPage"];
type Subscriber = Schemas["SubscriptionTold"];
type Tier = Subscriber["tier"];

const TIERS: readonly Tier[] = ["1000", "2000", "3000"];
const MONTHS = ["1", "3", "6", "12", ""] as const;

/** Who subscribes to a channel, and what is given for nothing. */
export default function SubscribersPage({ login, channel }: SectionProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  const cache = useQueryClient();
  const [isGiving, setIsGiving] = useState(false);
  const queryKey = ["dashboard", "subscribers", login];
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey });
  const mayGrant = user !== null && (user.login === login || user.type === "admin");
  return (
    <div className={kit.page}>
      <p className={kit.lead}>{texts.lead}</p>
      <List login={login} queryKey={queryKey} mayGrant={mayGrant} onChanged={refresh} />
      {mayGrant && <GrantForm login={login} onGiven={refresh} />}
      <Section title={texts.gifts} text={texts.giftsText}>
        <div className={kit.actions}>
          <Button icon="gift" onClick={() => { setIsGiving(true); }}>
            {texts.giftsOpen}
          </Button>
        </div>
        <GiftDialog
          open={isGiving}
          channel={channel}
          onClose={() => {
            setIsGiving(false);
            void refresh();
          }}
        />
      </Section>
    </div>
  );
}

interface ListProps {
  readonly login: string;
  readonly queryKey: readonly string[];
  readonly mayGrant: boolean;
  readonly onChanged: () => Promise<void>;
}

function List({ login, queryKey, mayGrant, onChanged }: ListProps): ReactNode {
  const texts = useTexts(TEXTS);
  const common = useTexts(KIT_TEXTS);
  const format = useFormat();
  const toast = useToast();
  const { user } = useSession();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => get<SubscriberPage>(`/channels/${login}/subscriptions`, { first: 50, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: SubscriberPage) => last.pagination.cursor ?? null,
    enabled: user !== null,
  });
  const takeBack = useMutationOnce<unknown, Subscriber>({
    mutationFn: ({ user_login }) => send("DELETE", `/channels/${login}/subscriptions/grants/${user_login}`),
    onSuccess: (_, { user_name }) => {
      toast({ kind: "ok", text: texts.takenBack(user_name) });
    },
    onSettled: onChanged,
  });
  const first = data?.pages[0];
  const all = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Section title={texts.list} text={first === undefined || first.total === 0 ? undefined : texts.counted(format.number(first.total), format.number(first.points))}>
      <ErrorNote error={takeBack.error ?? (data === undefined ? error : null)} retry={takeBack.error === null ? refetch : undefined} />
      {data === undefined && error === null && <Skeleton height="96px" />}
      {first?.data.length === 0 && <p className={kit.quiet}>{texts.none}</p>}
      <ul className={rows.rows} data-testid="subscribers">
        {all.map((one) => (
          <li key={one.user_id} className={rows.row}>
            <div className={rows.rowText}>
              <span className={rows.rowName}>
                <Link to={`/${one.user_login}`}>
                  <bdi>{one.user_name}</bdi>
                </Link>
                <Badge kind="accent">{texts.tier(one.tier)}</Badge>
              </span>
              <span className={rows.meta}>
                <span>{texts.months(one.cumulative_months)}</span>
                {one.is_gift && <bdi>{one.gifter_name === "" ? texts.giftAnonymous : texts.giftBy(one.gifter_name)}</bdi>}
                <span>
                  {texts.since} <Time value={one.created_at} />
                </span>
                <span>{one.ends_at === null ? texts.endless : `${one.renews ? texts.renews : texts.ends} ${format.date(one.ends_at)}`}</span>
              </span>
            </div>
            {mayGrant && !one.renews && (
              <Button aria-label={texts.takeBackOf(one.user_name)} disabled={takeBack.isPending} onClick={() => { takeBack.mutate(one); }}>
                {texts.takeBack}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {hasNextPage && (
        <div className={kit.actions}>
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {common.more}
          </Button>
        </div>
      )}
    </Section>
  );
}

function GrantForm({ login, onGiven }: { login: string; onGiven: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const [text, setText] = useKeptText(`${login}/grant`);
  const [tier, setTier] = useState<Tier>("1000");
  const [months, setMonths] = useState<(typeof MONTHS)[number]>("1");
  const [fault, setFault] = useState("");
  const wanted = text.trim().replace(/^@/, "");
  const act = useMutationOnce({
    mutationFn: () => send("POST", `/channels/${login}/subscriptions/grants`, { user_login: wanted, tier, months: months === "" ? null : Number(months) }),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.granted(wanted) });
      setText("");
      await onGiven();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 404) setFault(texts.nobody(wanted));
    },
  });
  return (
    <Section title={texts.grant} text={texts.grantText}>
      <form
        className={rows.form}
        noValidate
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          const fits = LOGIN_PATTERN.test(wanted);
          setFault(fits ? "" : texts.form);
          if (fits) act.mutate();
        }}
      >
        {fault === "" && <ErrorNote error={act.error} />}
        <TextField label={texts.login} value={text} onChange={setText} error={fault} autoCapitalize="none" autoComplete="off" spellCheck={false} maxLength={50} />
        <Select label={texts.level} value={tier} options={TIERS.map((value) => ({ value, label: texts.tier(value) }))} onChange={setTier} />
        <Select
          label={texts.lasts}
          value={months}
          options={MONTHS.map((value) => ({ value, label: value === "" ? texts.forever : texts.months(Number(value)) }))}
          onChange={setMonths}
        />
        <div className={kit.actions}>
          <Button type="submit" kind="primary" busy={act.isPending}>
            {texts.give}
          </Button>
        </div>
      </form>
    </Section>
  );
}
