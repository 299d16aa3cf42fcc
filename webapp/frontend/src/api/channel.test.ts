import { QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";

import { queryClient } from "../app/queries";
import { channelQuery } from "./channel";

afterEach(() => {
  vi.unstubAllGlobals();
  queryClient.clear();
});

it("hears of each answer, also of one that says what the last one said", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"data":[{"broadcaster_login":"anna"}]}')));
  const observer = new QueryObserver(queryClient, channelQuery("anna"));
  const first = (await observer.refetch()).data;
  const second = (await observer.refetch()).data;
  expect(second).toEqual(first);
  expect(second).not.toBe(first);
});
