/** The colour behind an element, kept right when the theme changes. */

import { useEffect, useState, type RefObject } from "react";

export function useGround(element: RefObject<HTMLElement | null>): string {
  const [ground, setGround] = useState("rgb(0, 0, 0)");
  useEffect(() => {
    const look = (): void => {
      if (element.current) setGround(getComputedStyle(element.current).backgroundColor);
    };
    look();
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const scheme = matchMedia("(prefers-color-scheme: light)");
    scheme.addEventListener("change", look);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", look);
    };
  }, [element]);
  return ground;
}
