import { describe, expect, it } from "vitest";

import { BATCH, sendAll, termFault, termsOf } from "./terms";

describe("terms of a text", () => {
  it("are its lines, each once, without what is around them", () => {
    expect(termsOf("\ufeffbad word\r\n\n  bad word \nass*\rx\n").fit).toEqual(["bad word", "ass*"]);
    expect(termsOf("x\n").unfit).toEqual([{ text: "x", fault: "short" }]);
  });

  it("are refused as the API refuses them", () => {
    expect(termFault("a*****")).toBe("short");
    expect(termFault("ab" + "*".repeat(9))).toBe("stars");
    expect(termFault("ä".repeat(501))).toBe("long");
    expect(termFault("🙂🙂")).toBeNull();
    expect(termFault("a\u0007b")).toBe("control");
  });
});

describe("sending many terms", () => {
  const isRefusal = (error: unknown): boolean => error === "refused";

  it("has those through that are fine, and names the others", async () => {
    const terms = Array.from({ length: BATCH + 20 }, (_, index) => `term ${index}`);
    const bad = new Set(["term 3", "term 510"]);
    const got: string[] = [];
    let last = 0;
    const outcome = await sendAll(
      terms,
      (batch) => {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a stand-in for a refusal
        if (batch.some((term) => bad.has(term))) return Promise.reject("refused");
        got.push(...batch);
        return Promise.resolve();
      },
      isRefusal,
      (done) => {
        last = done;
      },
    );
    expect(outcome.refused.map(({ text }) => text).sort()).toEqual(["term 3", "term 510"]);
    expect(outcome.added).toBe(terms.length - 2);
    expect(new Set(got).size).toBe(terms.length - 2);
    expect(last).toBe(terms.length);
  });

  it("stops at what is no refusal, and says what is left", async () => {
    const terms = Array.from({ length: 2 * BATCH }, (_, index) => `term ${index}`);
    let calls = 0;
    const outcome = await sendAll(
      terms,
      () => {
        calls += 1;
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a stand-in for no answer
        return calls === 1 ? Promise.resolve() : Promise.reject("away");
      },
      isRefusal,
      () => undefined,
    );
    expect(outcome).toMatchObject({ added: BATCH, stopped: "away", refused: [] });
    expect(outcome.left).toEqual(terms.slice(BATCH));
  });

  it("does not halve for ever where all is refused", async () => {
    const terms = Array.from({ length: BATCH }, (_, index) => `term ${index}`);
    let calls = 0;
    const outcome = await sendAll(
      terms,
      () => {
        calls += 1;
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a stand-in for a refusal
        return Promise.reject("refused");
      },
      isRefusal,
      () => undefined,
    );
    expect(outcome.refused).toHaveLength(BATCH);
    expect(calls).toBeLessThan(200);
  });
});
