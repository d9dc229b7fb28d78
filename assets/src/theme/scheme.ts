// Sets light or dark on <html> before anything is painted, from what this browser remembered; no inline script is allowed.
export type Theme = "auto" | "light" | "dark";

const STORAGE_KEY = "salesbrain.theme";

export function readStoredTheme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

export function storeTheme(theme: Theme): void {
  localStorage.setItem(STORAGE_KEY, theme);
}

export function resolveTheme(theme: Theme): "light" | "dark" {
  if (theme !== "auto") return theme;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

document.documentElement.setAttribute("data-mantine-color-scheme", resolveTheme(readStoredTheme()));
