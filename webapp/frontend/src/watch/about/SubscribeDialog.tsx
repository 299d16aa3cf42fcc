import { useState, type ReactNode } from "react";

import { send } from "../../api/client";
import type { Channel, Data, Schemas } from "../../api/types";
import { queryClient } from "../../app/queries";
import { useSite } from "../../app/session";
import { useFormat, useProblemText, useTexts } from "../../i18n";
import { Button, Checkbox, Dialog, Select, TextField, useMutationOnce, useToast } from "../../ui";
import styles from "./About.module.css";
import { goToPayment, TIERS, tierNumber, useOwnSubscription, type OwnSubscription, type Tier } from "./subscriptions";
import { TEXTS } from "./dialog-texts";

export interface SubscribeProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly channel: Channel;
}

/** One's subscription to a channel: buy it, say it in chat, cancel it. */
export function SubscribeDialog({ open, onClose, channel }: SubscribeProps): ReactNode {
  const texts = useTexts(TEXTS);
  const { provider } = useSite().subscriptions;
  const { data: own } = useOwnSubscription(channel.broadcaster_login, channel.broadcaster_id);
  return (
    <Dialog open={open} onClose={onClose} title={texts.subscribeTo(channel.broadcaster_name)}>
      <div className={styles.stack}>
        {own && <Own own={own} login={channel.broadcaster_login} sold={provider === "stripe"} />}
        {provider === "stripe" ? (own?.renews !== true && <Buy login={channel.broadcaster_login} />) : !own && <p>{texts.noSale}</p>}
      </div>
    </Dialog>
  );
}

function Own({ own, login, sold }: { own: OwnSubscription; login: string; sold: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const say = useProblemText();
  const toast = useToast();
  const cancel = useMutationOnce({
    mutationFn: async () => {
      await send("POST", `/channels/${login}/subscriptions/cancel`);
    },
    onSuccess: () => {
      toast({ kind: "ok", text: texts.cancelled });
      void queryClient.invalidateQueries({ queryKey: ["subscription", login] });
    },
    onError: (error) => {
      toast({ kind: "error", text: say(error) });
    },
  });
  const until =
    own.ends_at === null ? texts.endless : own.renews ? texts.renews(format.date(own.ends_at)) : texts.ends(format.date(own.ends_at));
  return (
    <>
      <p>
        <strong>{texts.yours(own.plan_name, texts.months(own.cumulative_months))}</strong>
        <br />
        {own.is_gift && <bdi>{own.gifter_name === "" ? texts.giftAnonymous : texts.giftFrom(own.gifter_name)} </bdi>}
        {until}
      </p>
      {own.can_share && <ShareMonths login={login} streak={own.streak_months > 1} />}
      {sold && own.renews && (
        <Button
          kind="ghost"
          busy={cancel.isPending}
          onClick={() => {
            cancel.mutate();
          }}
        >
          {texts.cancel}
        </Button>
      )}
    </>
  );
}

function ShareMonths({ login, streak }: { login: string; streak: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const [text, setText] = useState("");
  const [showStreak, setShowStreak] = useState(false);
  const share = useMutationOnce({
    mutationFn: async () => {
      await send("POST", `/channels/${login}/subscriptions/share`, { text, show_streak: showStreak });
    },
    onSuccess: () => {
      toast({ kind: "ok", text: texts.shared });
      void queryClient.invalidateQueries({ queryKey: ["subscription", login] });
    },
  });
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault();
        share.mutate();
      }}
    >
      <TextField
        label={texts.shareText}
        hint={texts.shareHint}
        maxLength={500}
        value={text}
        onChange={setText}
        error={share.isError ? say(share.error) : null}
      />
      {streak && <Checkbox label={texts.showStreak} checked={showStreak} onChange={setShowStreak} />}
      <Button type="submit" busy={share.isPending}>
        {texts.shareMonths}
      </Button>
    </form>
  );
}

/** The prices of the site, as a choice of tiers. */
export function useTierOptions(): readonly { readonly value: Tier; readonly label: string }[] {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const { prices, currency } = useSite().subscriptions;
  return TIERS.map((value) => {
    const price = prices[value];
    const name = texts.tier(tierNumber(value));
    return { value, label: price === undefined ? name : `${name}: ${texts.perMonth(format.money(price, currency))}` };
  });
}

function Buy({ login }: { login: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const [tier, setTier] = useState<Tier>("1000");
  const options = useTierOptions();
  const buy = useMutationOnce({
    mutationFn: async () => {
      const { data } = await send<Data<Schemas["Checkout"]>>("POST", `/channels/${login}/subscriptions`, { tier });
      const [checkout] = data;
      if (checkout !== undefined) {
        goToPayment(checkout.url);
      }
    },
  });
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault();
        buy.mutate();
      }}
    >
      <Select
        label={texts.subscribe}
        value={tier}
        options={options}
        onChange={setTier}
        hint={texts.payNote}
        error={buy.isError ? say(buy.error) : null}
      />
      <Button type="submit" kind="primary" icon="star" busy={buy.isPending || buy.isSuccess}>
        {texts.goPay}
      </Button>
    </form>
  );
}
