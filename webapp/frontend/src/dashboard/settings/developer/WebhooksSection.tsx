import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode, type SyntheticEvent } from "react";

import { Section } from "../../../account/settings/Section";
import rows from "../../../account/settings/settings.module.css";
import { queryText, send } from "../../../api/client";
import { usePages } from "../../../api/pages";
import { useSession } from "../../../app/session";
import { useFormat, useTexts } from "../../../i18n";
import { Badge, Button, Dialog, ErrorNote, Select, TextField, Time, useMutationOnce, useToast } from "../../../ui";
import { useKeptText } from "../kit/keeping";
import kit from "../kit/Kit.module.css";
import { Rows } from "../kit/Rows";
import { TEXTS } from "./texts";
import { EVENT_TYPES, hookState, isCallback, isSecret, webhookRequest, type Delivery, type EventType, type Webhook } from "./types";

const KEY = ["webhooks"];

/** Addresses that are told what happens, and what each was sent. */
export function WebhooksSection({ channelId }: { channelId: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const cache = useQueryClient();
  const pages = usePages<Webhook>(KEY, "/users/me/webhooks", {}, { refreshMs: 15_000 });
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: KEY });
  return (
    <Section title={texts.hooks} text={texts.hooksText}>
      <HookForm channelId={channelId} onMade={refresh} />
      <Rows pages={pages} testId="webhooks" empty={texts.hooksNone}>
        {(hook) => <HookRow key={hook.subscription.id} hook={hook} onChanged={refresh} />}
      </Rows>
    </Section>
  );
}

function HookForm({ channelId, onMade }: { channelId: string; onMade: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const { user } = useSession();
  const [type, setType] = useState<EventType>("stream.online");
  const [address, setAddress] = useKeptText(`${channelId} webhook`);
  const [secret, setSecret] = useState("");
  const [faults, setFaults] = useState({ address: "", secret: "" });
  const act = useMutationOnce({
    mutationFn: () => send("POST", "/eventsub/subscriptions", webhookRequest(type, channelId, user?.id ?? "", address.trim(), secret)),
    onSuccess: async () => {
      toast({ kind: "ok", text: texts.hookMade });
      setAddress("");
      setSecret("");
      await onMade();
    },
  });
  return (
    <form
      className={rows.form}
      noValidate
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        const found = { address: isCallback(address.trim()) ? "" : texts.hookAddressFault, secret: isSecret(secret) ? "" : texts.hookSecretFault };
        setFaults(found);
        if (found.address === "" && found.secret === "") act.mutate();
      }}
    >
      <ErrorNote error={act.error} />
      <Select label={texts.hookType} value={type} onChange={setType} options={EVENT_TYPES.map((value) => ({ value, label: `${value}: ${texts.hookTypes[value]}` }))} />
      <TextField
        label={texts.hookAddress}
        hint={texts.hookAddressHint}
        value={address}
        onChange={setAddress}
        error={faults.address}
        type="url"
        inputMode="url"
        maxLength={1000}
        autoComplete="off"
      />
      <TextField label={texts.hookSecret} hint={texts.hookSecretHint} value={secret} onChange={setSecret} error={faults.secret} maxLength={200} autoComplete="off" spellCheck={false} />
      <div className={kit.actions}>
        <Button type="submit" busy={act.isPending} icon="plus">
          {texts.hookMake}
        </Button>
      </div>
    </form>
  );
}

function HookRow({ hook, onChanged }: { hook: Webhook; onChanged: () => Promise<void> }): ReactNode {
  const texts = useTexts(TEXTS);
  const format = useFormat();
  const toast = useToast();
  const [isOpen, setIsOpen] = useState(false);
  const { subscription } = hook;
  const state = hookState(subscription.status);
  const isOver = state !== "enabled" && state !== "pending";
  const removal = useMutationOnce({
    mutationFn: () => send("DELETE", `/eventsub/subscriptions${queryText({ id: subscription.id })}`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.removed });
    },
    onSettled: onChanged,
  });
  return (
    <li className={rows.row} data-status={subscription.status}>
      <div className={rows.rowText}>
        <span className={rows.rowName}>
          {subscription.type}
          <Badge kind={state === "enabled" ? "accent" : "plain"}>{texts.hookStates[isOver ? "over" : state]}</Badge>
        </span>
        <span className={rows.meta}>
          {isOver && state !== "over" && <span>{texts.hookStates[state]}</span>}
          <bdi className={kit.address} title={subscription.transport.callback}>{subscription.transport.callback ?? ""}</bdi>
          {hook.app_name !== null && <bdi>{texts.hookApp(hook.app_name)}</bdi>}
          {hook.failures > 0 && <span>{texts.hookFailing(hook.failures, format.number(hook.failures))}</span>}
        </span>
        <ErrorNote error={removal.error} />
      </div>
      <div className={kit.actions}>
        <Button aria-label={texts.logOf(subscription.type)} onClick={() => { setIsOpen(true); }}>
          {texts.logOpen}
        </Button>
        {hook.client_id === null && (
          <Button aria-label={texts.hookRemoveOf(subscription.type)} busy={removal.isPending} onClick={() => { removal.mutate(); }}>
            {texts.remove}
          </Button>
        )}
      </div>
      <Dialog open={isOpen} wide title={texts.logOf(subscription.type)} onClose={() => { setIsOpen(false); }}>
        <DeliveryLog id={subscription.id} />
      </Dialog>
    </li>
  );
}

/** What was sent, to compare it with what the receiver makes of it. */
function Told({ delivery: { message_id: id, event } }: { delivery: Delivery }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <details>
      <summary>{texts.told}</summary>
      <pre className={kit.json} tabIndex={0} role="group" aria-label={texts.toldOf(id)}>
        <code>{`${id}\n${JSON.stringify(event, null, 2)}`}</code>
      </pre>
    </details>
  );
}

function DeliveryLog({ id }: { id: string }): ReactNode {
  const texts = useTexts(TEXTS);
  const toast = useToast();
  const cache = useQueryClient();
  const path = `/users/me/webhooks/${id}/deliveries`;
  const key = [...KEY, id];
  const pages = usePages<Delivery>(key, path, {}, { refreshMs: 10_000 });
  const again = useMutationOnce<unknown, string>({
    mutationFn: (delivery) => send("POST", `${path}/${delivery}/resend`),
    onSuccess: () => {
      toast({ kind: "ok", text: texts.resent });
    },
    onSettled: () => cache.invalidateQueries({ queryKey: key }),
  });
  return (
    <div className={kit.group}>
      <ErrorNote error={again.error} />
      <Rows pages={pages} testId="deliveries" empty={texts.logNone}>
        {(delivery) => (
          <li key={delivery.id} className={rows.row} data-status={delivery.status}>
            <div className={rows.rowText}>
              <span className={rows.rowName}>
                {delivery.type ?? "–"}
                <Badge kind={delivery.status === "sent" ? "accent" : delivery.status === "dead" ? "live" : "plain"}>{texts.states[delivery.status]}</Badge>
              </span>
              <span className={rows.meta}>
                <Time value={delivery.created_at} />
                <span>{texts.tries(delivery.attempts)}</span>
                {delivery.next_at !== null && (
                  <span>
                    {texts.nextTry} <Time value={delivery.next_at} />
                  </span>
                )}
                {delivery.last_error !== null && <bdi>{delivery.last_error}</bdi>}
              </span>
              {delivery.event !== null && <Told delivery={delivery} />}
            </div>
            {delivery.status === "dead" && (
              <Button aria-label={texts.resendOf(delivery.message_id)} disabled={again.isPending} onClick={() => { again.mutate(delivery.id); }}>
                {texts.resend}
              </Button>
            )}
          </li>
        )}
      </Rows>
    </div>
  );
}
