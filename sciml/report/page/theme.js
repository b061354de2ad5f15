// Light or dark: the reader's own setting first, the button afterwards; `draw` draws everything again.
function withTheme(draw) {
  const root = document.documentElement;
  const drawn = () => {
    byId("theme").textContent = root.dataset.theme === "dark" ? "Light" : "Dark";
    draw();
  };
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    drawn();
  });
  root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  drawn();
}
