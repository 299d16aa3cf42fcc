-- Subscriptions: who supports a channel, since when, what was paid for it, and what is still to be told to who takes money.
--
-- A term is one thing that somebody bought or was given; terms of a person may overlap (a gift beside a subscription of their
-- own). What follows from all of them together stands in `subscriptions`, one row a person and channel, which our code brings
-- up to date in the transaction of every change of a term (common/subscriptions.py).

-- What people buy. Kept when people and channels are gone, as books have to be; then it names nobody.
create table subscription_orders (
    id uuid primary key, -- UUIDv7; also what makes a call to the provider happen once
    kind text not null check (kind in ('subscription', 'gift')),
    channel_id bigint references channels on delete set null,
    buyer_id bigint references users on delete set null,
    recipient_id bigint references users on delete set null, -- of a gift to one person
    tier smallint not null check (tier in (1000, 2000, 3000)),
    count smallint not null default 1 check (count between 1 and 100),
    chosen boolean not null default false, -- a gift whose recipients are chosen when it is paid
    is_anonymous boolean not null default false,
    provider text not null check (provider in ('stripe')),
    status text not null default 'open' check (status in ('open', 'paid', 'ended', 'refunded', 'expired')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null, -- of the page on which it can be paid
    paid_at timestamptz,
    amount bigint check (amount >= 0), -- of the first payment, in the smallest unit of the currency
    currency text check (currency ~ '^[a-z]{3}$'),
    session_id text unique check (char_length(session_id) <= 255),
    session_url text check (char_length(session_url) <= 2048),
    customer_id text check (char_length(customer_id) <= 255),
    subscription_id text unique check (char_length(subscription_id) <= 255), -- of the provider, of what renews
    payment_id text unique check (char_length(payment_id) <= 255), -- of the provider, of what is paid once
    heard_at timestamptz, -- when the newest word of the provider about it was said: older ones change nothing
    owed text check (owed in ('cancel', 'stop', 'refund')), -- to tell the provider: end it now, do not renew it, pay it back
    owed_amount bigint check (owed_amount > 0), -- of a refund; null: all
    owed_at timestamptz, -- when to tell it next
    owed_tries integer not null default 0,
    check ((owed is null) = (owed_at is null))
);
-- A button that is pressed twice makes one order.
create unique index subscription_orders_open on subscription_orders
    (buyer_id, channel_id, kind, tier, count, chosen, coalesce(recipient_id, 0), is_anonymous) where status = 'open';
create index subscription_orders_channel on subscription_orders (channel_id) where channel_id is not null;
create index subscription_orders_recipient on subscription_orders (recipient_id) where recipient_id is not null;
create index subscription_orders_buyer on subscription_orders (buyer_id, created_at desc) where buyer_id is not null;
create index subscription_orders_owed on subscription_orders (owed_at) where owed is not null;

-- Nobody pays on for a channel that is gone, or after they are.
create function stop_orphaned_order() returns trigger language plpgsql as $$
begin
    new.owed := 'cancel';
    new.owed_amount := null;
    new.owed_at := now();
    return new;
end $$;
create trigger stop_orphaned before update of buyer_id, channel_id on subscription_orders for each row
    when (new.subscription_id is not null and new.status = 'paid' and (new.owed is null or new.owed = 'stop')
        and (new.buyer_id is null and old.buyer_id is not null or new.channel_id is null and old.channel_id is not null))
    execute function stop_orphaned_order();

create table subscription_terms (
    id bigint generated always as identity primary key,
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    tier smallint not null check (tier in (1000, 2000, 3000)),
    source text not null check (source in ('grant', 'stripe')),
    is_gift boolean not null default false,
    gifter_id bigint references users on delete set null, -- null of a gift: anonymous, or the account is gone
    order_id uuid references subscription_orders, -- null of a grant
    starts_at timestamptz not null default now(),
    ends_at timestamptz, -- what is paid for; null: until it is taken back
    lapses_at timestamptz, -- when it is over if nothing comes: `ends_at`, and some days more where a payment is on its way
    renews boolean not null default false,
    ended_at timestamptz,
    end_reason text check (end_reason in ('over', 'cancelled', 'refunded', 'taken_back')),
    check (channel_id <> user_id),
    check ((ends_at is null) = (lapses_at is null)),
    check (ends_at <= lapses_at),
    check (source = 'grant' or ends_at is not null),
    check ((source = 'grant') = (order_id is null)),
    check ((ended_at is null) = (end_reason is null))
);
create index subscription_terms_running on subscription_terms (channel_id, user_id) where ended_at is null;
create index subscription_terms_lapsing on subscription_terms (lapses_at) where ended_at is null;
create index subscription_terms_channel on subscription_terms (channel_id, id);
create index subscription_terms_user on subscription_terms (user_id, id);
create index subscription_terms_gifter on subscription_terms (gifter_id) where gifter_id is not null;
create index subscription_terms_order on subscription_terms (order_id) where order_id is not null;

create table subscriptions (
    channel_id bigint not null references channels on delete cascade,
    user_id bigint not null references users on delete cascade,
    tier smallint not null check (tier in (1000, 2000, 3000)),
    is_gift boolean not null,
    gifter_id bigint references users on delete set null,
    since timestamptz not null, -- without a gap; months are counted from it
    ends_at timestamptz, -- null: until it is taken back
    lapses_at timestamptz,
    renews boolean not null,
    ended_at timestamptz, -- null: it runs
    months_before integer not null default 0 check (months_before >= 0), -- of earlier times, which ended
    streak_before integer not null default 0 check (streak_before >= 0), -- as much of them as no long gap followed
    shared_month integer not null default 0, -- the month, of all, that was last told in chat
    primary key (channel_id, user_id),
    check (channel_id <> user_id)
);
create index subscriptions_running on subscriptions (channel_id, since desc, user_id desc) include (tier)
    where ended_at is null;
create index subscriptions_user on subscriptions (user_id, since desc, channel_id desc);
create index subscriptions_gifter on subscriptions (gifter_id) where gifter_id is not null;
create trigger notify_changed after insert or update or delete on subscriptions
    for each row execute function notify_control('channel_id');

-- The books: what happened to subscriptions, and each payment. Rows are added, never changed but for names of who is gone.
create table subscription_events (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    kind text not null check (kind in
        ('begun', 'renewed', 'changed', 'given', 'shared', 'ended', 'paid', 'payment_failed', 'refunded', 'not_given')),
    channel_id bigint references channels on delete set null,
    user_id bigint references users on delete set null, -- the subscriber; of money, who paid or was paid back
    actor_id bigint references users on delete set null, -- who gave it
    order_id uuid references subscription_orders,
    tier smallint check (tier in (1000, 2000, 3000)),
    count integer, -- of gifts
    months integer, -- of all
    amount bigint, -- in the smallest unit of the currency
    currency text check (currency ~ '^[a-z]{3}$'),
    reference text check (char_length(reference) <= 255), -- the provider's name of the payment or invoice
    paid_until timestamptz
);
create index subscription_events_channel on subscription_events (channel_id, id desc) where channel_id is not null;
create index subscription_events_user on subscription_events (user_id, id desc) where user_id is not null;
create index subscription_events_actor on subscription_events (actor_id, channel_id, id) where actor_id is not null;
create index subscription_events_order on subscription_events (order_id, id) where order_id is not null;
create index subscription_events_reference on subscription_events (reference) where reference is not null;

-- What Stripe told us, so that it counts once.
create table stripe_events (
    id text primary key check (char_length(id) <= 255),
    type text not null check (char_length(type) <= 100),
    received_at timestamptz not null default now()
);
create index stripe_events_age on stripe_events (received_at); -- for the clean-up
