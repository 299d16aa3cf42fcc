import { describe, expect, it } from "vitest";

import { languageName } from "./languages";
import { parse, safeHref } from "./markdown";
import { embedCode } from "./share";
import { LABELS } from "./texts";

describe("Markdown of panels", () => {
  it("has paragraphs, line breaks, headings and lists", () => {
    const blocks = parse("# Rules\nBe kind.\nBe brief.\n\n- one\n- two\n1. first");
    expect(blocks.map(({ kind }) => kind)).toEqual(["heading", "paragraph", "list", "list"]);
    expect(blocks[1]).toMatchObject({ inside: [{ text: "Be kind." }, { kind: "break" }, { text: "Be brief." }] });
    expect(blocks[2]).toMatchObject({ ordered: false, items: [[{ text: "one" }], [{ text: "two" }]] });
    expect(blocks[3]).toMatchObject({ ordered: true });
  });

  it("has bold, italic, code, and links to the web", () => {
    const [block] = parse("**b** *i* `c` [here](https://example.org/a) and https://example.org/b.");
    expect(block).toMatchObject({
      inside: [
        { kind: "bold" },
        { text: " " },
        { kind: "italic" },
        { text: " " },
        { kind: "code", text: "c" },
        { text: " " },
        { kind: "link", href: "https://example.org/a", text: "here" },
        { text: " and " },
        { kind: "link", href: "https://example.org/b" },
        { text: "." },
      ],
    });
  });

  it("leaves markup and dangerous addresses the text that they are", () => {
    for (const source of ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,hi)", "snake_case_name"]) {
      const said = JSON.stringify(parse(source));
      expect(said).not.toContain('"link"');
      expect(said).not.toContain('"italic"');
    }
  });

  it("refuses addresses that show another host than they lead to", () => {
    expect(safeHref("https://bank.example@evil.example/")).toBeNull();
    expect(safeHref("//evil.example")).toBeNull();
    expect(safeHref("https://example.org/")).toBe("https://example.org/");
  });

  it("reads the worst that fits into a panel", () => {
    for (const worst of ["*".repeat(2000), "[".repeat(2000), "_a".repeat(1000), "**a".repeat(666), "`".repeat(2000)]) {
      expect(parse(worst)).toMatchObject([{ kind: "paragraph" }]);
    }
  });
});

describe("small things about a channel", () => {
  it("are code for other pages that is nothing but the player", () => {
    expect(embedCode("https://tv.example", "anna")).toBe(
      '<iframe src="https://tv.example/embed/anna" width="854" height="480" title="anna" ' +
        'allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>',
    );
  });

  it("are names of languages, in the reader's", () => {
    expect(languageName("de", "en")).toBe("German");
    expect(languageName("pt-BR", "de")).toContain("Portugiesisch");
    expect(languageName("not a tag", "en")).toBe("not a tag");
  });

  it("are words for each content label, in both languages", () => {
    expect(Object.keys(LABELS.de)).toEqual(Object.keys(LABELS.en));
  });
});
