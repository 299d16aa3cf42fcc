import type { ReactNode } from "react";

import { parse, type Block, type Inline } from "./markdown";

/** What somebody wrote in the small Markdown of panels. */
export function Markdown({ source }: { source: string }): ReactNode {
  return parse(source).map((block, index) => <Piece key={index} block={block} />);
}

function Piece({ block }: { block: Block }): ReactNode {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Run parts={block.inside} />
        </p>
      );
    case "heading":
      return (
        <h4>
          <Run parts={block.inside} />
        </h4>
      );
    case "list": {
      const items = block.items.map((inside, index) => (
        <li key={index}>
          <Run parts={inside} />
        </li>
      ));
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

function Run({ parts }: { parts: readonly Inline[] }): ReactNode {
  return parts.map((part, index) => <Bit key={index} part={part} />);
}

function Bit({ part }: { part: Inline }): ReactNode {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <code>{part.text}</code>;
    case "bold":
      return (
        <strong>
          <Run parts={part.inside} />
        </strong>
      );
    case "italic":
      return (
        <em>
          <Run parts={part.inside} />
        </em>
      );
    case "link":
      return (
        <a href={part.href} target="_blank" rel="noopener nofollow ugc">
          <bdi>{part.text}</bdi>
        </a>
      );
    case "break":
      return <br />;
  }
}
