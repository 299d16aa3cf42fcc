/** Ask again and again, one question at a time, and less often while nobody looks. */

const HIDDEN_FACTOR = 6;

/** Calls `ask` now and then every `seconds` after its answer; at once when the page is shown again. `ask` must not throw. */
export function poll(seconds: number, ask: () => Promise<void>): void {
  let timer: number | undefined;
  let asking = false;
  const run = async (): Promise<void> => {
    window.clearTimeout(timer);
    if (asking) {
      return;
    }
    asking = true;
    await ask();
    asking = false;
    timer = window.setTimeout(() => void run(), seconds * 1000 * (document.hidden ? HIDDEN_FACTOR : 1));
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      void run();
    }
  });
  void run();
}
