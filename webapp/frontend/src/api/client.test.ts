import { afterEach, expect, it, vi } from "vitest";

import { ApiError, get, patienceMs, queryText, send, whenUnauthorized } from "./client";
import { distinct } from "./pages";

afterEach(() => {
  vi.unstubAllGlobals();
});

function answer(status: number, body: string, headers: Record<string, string> = {}): ReturnType<typeof vi.fn> {
  const fetched = vi.fn(() => Promise.resolve(new Response(status === 204 ? null : body, { status, headers })));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

async function failure(asked: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

it("writes queries: lists repeat, what is missing is left out", () => {
  expect(queryText(undefined)).toBe("");
  expect(queryText({ id: ["1", 2], q: "a b&c", none: undefined, no: null, yes: true })).toBe("?id=1&id=2&q=a+b%26c&yes=true");
});

it("gives what was answered, and undefined for an empty answer", async () => {
  const fetched = answer(200, '{"data":[1]}');
  await expect(get("/streams", { first: 1 })).resolves.toEqual({ data: [1] });
  expect(fetched.mock.calls[0]?.[0]).toBe("/api/streams?first=1");
  answer(204, "");
  await expect(send("DELETE", "/x")).resolves.toBeUndefined();
});

it("raises what the server says", async () => {
  answer(429, '{"message":"Slow down.","reason":"pending"}', { "retry-after": "7" });
  const error = await failure(get("/x"));
  expect([error.status, error.message, error.reason, error.retryAfterS]).toEqual([429, "Slow down.", "pending", 7]);
});

it("raises also where a proxy answers with a page", async () => {
  answer(502, "<html>");
  const error = await failure(get("/x"));
  expect([error.status, error.reason, error.problem, error.isPassing]).toEqual([502, "", null, true]);
});

it("has status 0 where nobody answers", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  expect((await failure(get("/x"))).status).toBe(0);
});

it("waits longer for the answer to a large picture", () => {
  expect(patienceMs({ a: 1 })).toBe(10_000);
  expect(patienceMs(new Blob([new Uint8Array(8 * 1024 * 1024)]))).toBeGreaterThan(120_000);
});

it("gives the reason of whoever aborts", async () => {
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => Promise.reject(signal?.reason as Error));
  const controller = new AbortController();
  controller.abort(new Error("mine"));
  await expect(get("/x", undefined, controller.signal)).rejects.toThrow("mine");
});

it("tells when nobody is logged in", async () => {
  const told = vi.fn();
  whenUnauthorized(told);
  answer(401, "{}");
  await failure(get("/x"));
  expect(told).toHaveBeenCalledOnce();
});

it("shows a row once that two pages have", () => {
  const rows = [{ id: "1" }, { id: "2" }, { id: "1" }];
  expect(distinct(rows)).toEqual([{ id: "1" }, { id: "2" }]);
  expect(distinct([{ broadcaster_id: "1" }, { broadcaster_id: "1" }])).toHaveLength(1);
});
