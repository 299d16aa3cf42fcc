import { useMutation, type UseMutationOptions, type UseMutationResult } from "@tanstack/react-query";
import { useRef } from "react";

/** As TanStack's `useMutation`, but while one is under way `mutate` does nothing: a double click acts once. */
export function useMutationOnce<Data = unknown, Variables = void>(
  options: UseMutationOptions<Data, Error, Variables>,
): UseMutationResult<Data, Error, Variables> {
  const busy = useRef(false);
  const mutation = useMutation<Data, Error, Variables>({
    ...options,
    onSettled: (...settled) => {
      busy.current = false;
      return options.onSettled?.(...settled);
    },
  });
  return {
    ...mutation,
    // `isPending` is known to the next drawing only; the second click may come before.
    mutate: (...given) => {
      if (!busy.current) {
        busy.current = true;
        mutation.mutate(...given);
      }
    },
  };
}
