import { useState, type ReactNode } from "react";

import { send } from "../../api/client";
import type { Channel, Schemas } from "../../api/types";
import { useProblemText, useTexts } from "../../i18n";
import { Button, Checkbox, Dialog, Select, TextField, useMutationOnce, useToast } from "../../ui";
import styles from "./About.module.css";
import { goToPayment, type Tier } from "./subscriptions";
import { useTierOptions } from "./SubscribeDialog";
import { TEXTS } from "./dialog-texts";

/** As many as can be given at once. */
const MOST = 100;
const COUNTS = ["1", "5", "10", "20", "50", String(MOST)] as const;

type Who = "one" | "many";
type Count = (typeof COUNTS)[number];

/** Give a month to somebody, or to some of the newest followers. */
export function GiftDialog({ open, onClose, channel }: { open: boolean; onClose: () => void; channel: Channel }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <Dialog open={open} onClose={onClose} title={texts.gift}>
      <GiftForm login={channel.broadcaster_login} onClose={onClose} />
    </Dialog>
  );
}

function GiftForm({ login, onClose }: { login: string; onClose: () => void }): ReactNode {
  const texts = useTexts(TEXTS);
  const say = useProblemText();
  const toast = useToast();
  const [who, setWho] = useState<Who>("one");
  const [to, setTo] = useState("");
  const [count, setCount] = useState<Count>("5");
  const [tier, setTier] = useState<Tier>("1000");
  const [anonymous, setAnonymous] = useState(false);
  const tiers = useTierOptions();
  const give = useMutationOnce({
    mutationFn: async () => {
      const whom = who === "one" ? { user_login: to.trim().toLowerCase() } : { count: Number(count) };
      return await send<Schemas["Gifts"]>("POST", `/channels/${login}/subscriptions/gifts`, { ...whom, tier, is_anonymous: anonymous });
    },
    onSuccess: ({ data, checkout }) => {
      if (checkout !== null) {
        goToPayment(checkout.url);
      } else {
        toast({ kind: "ok", text: texts.giftDone(data.length) });
        onClose();
      }
    },
  });
  const problem = give.isError ? say(give.error) : null;
  return (
    <form
      className={styles.stack}
      onSubmit={(event) => {
        event.preventDefault();
        give.mutate();
      }}
    >
      <Select
        label={texts.giftWho}
        value={who}
        options={[
          { value: "one", label: texts.giftOne },
          { value: "many", label: texts.giftMany },
        ]}
        onChange={setWho}
      />
      {who === "one" ? (
        <TextField
          label={texts.giftLogin}
          required
          maxLength={25}
          autoCapitalize="none"
          spellCheck={false}
          value={to}
          onChange={setTo}
          error={problem}
        />
      ) : (
        <Select label={texts.giftCount} value={count} options={COUNTS.map((value) => ({ value, label: value }))} onChange={setCount} />
      )}
      <Select label={texts.giftTier} value={tier} options={tiers} onChange={setTier} error={who === "many" ? problem : null} />
      <Checkbox label={texts.giftAnonymousLabel} checked={anonymous} onChange={setAnonymous} />
      <Button type="submit" kind="primary" icon="gift" busy={give.isPending}>
        {texts.giftGo}
      </Button>
    </form>
  );
}
