/** Whose card a moderator looks at. */

import { useCallback, useRef, useEffect, useState } from "react";

export interface Chosen {
  readonly login: string;
  /** With the field for a warning open. */
  readonly isWarning: boolean;
  /** Another number each time somebody is chosen, so that the same person twice is two. */
  readonly turn: number;
}

/** Who is chosen (null: nobody), and the function that chooses; `onChosen` is called by it. */
export function usePerson(onChosen?: () => void): readonly [Chosen | null, (login: string, isWarning?: boolean) => void] {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const latest = useRef(onChosen);
  useEffect(() => {
    latest.current = onChosen;
  });
  const choose = useCallback((login: string, isWarning = false) => {
    setChosen((before) => ({ login: login.toLowerCase(), isWarning, turn: (before?.turn ?? 0) + 1 }));
    latest.current?.();
  }, []);
  return [chosen, choose];
}
