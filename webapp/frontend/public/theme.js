// Before the first paint: the theme that was chosen here. Loaded as a script of its own, because pages have none inline.
// The same rules are in src/app/theme.ts.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("weir-theme");
  } catch (forbidden) {
    // it stays dark
  }
  var theme = "dark";
  if (choice === "light" || choice === "contrast") {
    theme = choice;
  } else if (choice === "system") {
    theme = matchMedia("(prefers-contrast: more)").matches
      ? "contrast"
      : matchMedia("(prefers-color-scheme: light)").matches
        ? "light"
        : "dark";
  }
  document.documentElement.dataset.theme = theme;
})();
