/** `/`: who is live now, and how to go live when nobody is. */

import { ApiError, liveStreams, serverClock, site, type Site, type Stream } from "../api";
import { h, setText } from "../dom";
import { duration, since } from "../format";
import { poll } from "../poll";
import { avatar, hue } from "./avatar";

const REFRESH_S = 5;

export function homePage(root: HTMLElement): void {
  document.title = "weir – live";
  const notice = h("p", { class: "notice", role: "status", hidden: true });
  const list = h("ul", { class: "cards", "data-testid": "live" });
  const empty = h("section", { class: "empty", hidden: true, "data-testid": "empty" });
  const loading = h("p", { class: "quiet" }, "Looking who is live…");
  root.replaceChildren(h("h1", { class: "page-title" }, "Live now"), notice, loading, list, empty);
  let about: Site | null = null;

  poll(REFRESH_S, async () => {
    try {
      about ??= await site();
      const streams = await liveStreams();
      notice.hidden = true;
      loading.remove();
      show(list, streams);
      empty.hidden = streams.length > 0;
      if (!empty.hidden && empty.childElementCount === 0) {
        empty.append(...howToGoLive(about));
      }
    } catch (error) {
      loading.remove();
      notice.hidden = false;
      setText(notice, error instanceof ApiError ? error.message : "Something went wrong.");
    }
  });
}

/** Cards that are still right stay in place, so that focus and images are not lost with every refresh. */
function show(list: HTMLElement, streams: readonly Stream[]): void {
  const known = new Map([...list.children].map((card) => [card.getAttribute("data-key"), card]));
  const cards = streams.map((stream) => {
    const key = JSON.stringify([stream.id, stream.title, stream.user_name, stream.thumbnail_url]);
    const card = known.get(key) ?? newCard(key, stream);
    const uptime = card.querySelector(".uptime");
    if (uptime !== null) {
      setText(uptime, duration(since(stream.started_at, Date.now() + serverClock.offsetMs)));
    }
    return card;
  });
  if (cards.length !== list.children.length || cards.some((card, index) => list.children[index] !== card)) {
    list.replaceChildren(...cards);
  }
}

function newCard(key: string, stream: Stream): HTMLElement {
  const picture = h("div", { class: "thumb" }, h("span", { class: "badge live" }, "Live"), h("span", { class: "uptime" }));
  picture.style.setProperty("--hue", String(hue(stream.user_login)));
  if (stream.thumbnail_url !== undefined) {
    const url = stream.thumbnail_url.replace("{width}", "640").replace("{height}", "360");
    picture.prepend(h("img", { src: url, alt: "", loading: "lazy" }));
  } else {
    picture.prepend(h("span", { class: "initial", "aria-hidden": "true" }, stream.user_name.slice(0, 1).toUpperCase()));
  }
  const names = h("div", {}, h("h2", {}, stream.title || stream.user_name), h("p", {}, stream.title ? stream.user_name : ""));
  const link = h("a", { class: "card", href: `/${stream.user_login}` }, picture);
  link.append(h("div", { class: "card-text" }, avatar(stream.user_login, stream.user_name), names));
  return h("li", { "data-key": key }, link);
}

function howToGoLive({ urls }: Site): Node[] {
  const server = `${urls.rtmp}/live`;
  const step = (title: string, ...text: (Node | string)[]): HTMLElement => h("li", {}, h("h3", {}, title), h("p", {}, ...text));
  const command = `ffmpeg -re -i FILE -c copy -f flv ${server}/KEY`;
  return [
    h("h2", {}, "Nobody is live right now"),
    h("p", {}, "This page shows channels as soon as they go live. To go live yourself:"),
    h(
      "ol",
      { class: "steps" },
      step("Get a stream key", "On the server, run ", h("code", {}, ".venv/bin/weir key create LOGIN"), "."),
      step(
        "Set up your encoder",
        "In OBS: Settings › Stream › Custom. Server ",
        h("code", {}, server),
        ", and the key. Under Output, set the keyframe interval to 2 s.",
      ),
      step("Or publish a file", h("code", {}, command)),
    ),
    h("p", { class: "quiet" }, "Just looking? ", h("code", {}, ".venv/bin/weir demo"), " starts a channel with a test picture."),
  ];
}
