// The service worker: shows what Web Push brings, and leads to the channel when that is clicked.
// It keeps no files and answers no requests, so it can never serve an old page. docs/notifications.md has the message.

self.addEventListener("install", () => {
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("push", (event) => {
  event.waitUntil(Promise.all([show(read(event.data)), tellPages()]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(pathOf(event.notification.data?.url)));
});

// Push services may give a browser another address; without this it would hear nothing more until a page is opened.
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(subscribeAgain(event.newSubscription));
});

function read(data) {
  let told = null;
  try {
    told = data?.json();
  } catch {
    // Not ours. Browsers want to see a notification for every message all the same.
  }
  const text = (value) => (typeof value === "string" ? value : "");
  return {
    title: text(told?.title) || "weir",
    body: text(told?.body),
    tag: text(told?.tag),
    url: pathOf(told?.url),
  };
}

// A path of this site, whatever was sent.
function pathOf(url) {
  try {
    const target = new URL(url ?? "/", self.location.origin);
    // "/.//evil.example" has our origin, and a path that names another host.
    const ours = target.origin === self.location.origin && !target.pathname.startsWith("//");
    return ours ? target.pathname + target.search : "/";
  } catch {
    return "/";
  }
}

function show({ title, body, tag, url }) {
  return self.registration.showNotification(title, {
    body,
    tag,
    icon: "/static/icon-192.png",
    badge: "/static/badge-96.png",
    data: { url },
  });
}

function pages() {
  return self.clients.matchAll({ type: "window", includeUncontrolled: true });
}

// Open pages look at their list of notices again.
async function tellPages() {
  for (const page of await pages()) page.postMessage({ type: "weir-notice" });
}

// A page that plays something else stays as it is.
async function open(path) {
  const there = (await pages()).find((page) => new URL(page.url).pathname === path);
  await (there === undefined ? self.clients.openWindow(path) : there.focus());
}

async function subscribeAgain(made) {
  const subscription = made ?? (await self.registration.pushManager.subscribe(await options()));
  await fetch("/api/push/subscriptions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(subscription),
  });
}

async function options() {
  const { data } = await (await fetch("/api/push/key")).json();
  return { userVisibleOnly: true, applicationServerKey: data[0].key };
}
