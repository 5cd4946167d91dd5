// Runs before the first paint, as its own file because the content security policy allows no inline script.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let choice = null;
  try {
    choice = localStorage.getItem("obelisk.theme");
  } catch {
    choice = null;
  }
  root.dataset.theme = choice === "light" || choice === "dark" ? choice : dark.matches ? "dark" : "light";
})();
