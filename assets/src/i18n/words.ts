// Texts in two languages: each feature defines its own words next to its code; German cannot miss a key, the compiler checks.
import i18n from "i18next";
import { useSyncExternalStore } from "react";
import type { Language } from "../api/types";

const STORAGE_KEY = "salesbrain.language";

type PluralBase<Key> = Key extends `${infer Base}_one` ? Base : Key extends `${infer Base}_other` ? Base : Key;
type WordKey<Texts> = PluralBase<keyof Texts & string>;
export type Translate<Texts> = (key: WordKey<Texts>, values?: Record<string, string | number>) => string;

export function readStoredLanguage(): Language {
  const stored = localStorage.getItem(STORAGE_KEY);
  if (stored === "de" || stored === "en") return stored;
  return navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

void i18n.init({
  lng: readStoredLanguage(),
  fallbackLng: "en",
  resources: {},
  initAsync: false,
  interpolation: { escapeValue: false },
});
document.documentElement.lang = i18n.language;

export function changeLanguage(language: Language): void {
  // Storage is written synchronously to disk, and this runs before the first paint.
  if (localStorage.getItem(STORAGE_KEY) !== language) localStorage.setItem(STORAGE_KEY, language);
  document.documentElement.lang = language;
  if (i18n.language !== language) void i18n.changeLanguage(language);
}

function readLanguage(): Language {
  return i18n.language === "de" ? "de" : "en";
}

function subscribeToLanguage(listener: () => void): () => void {
  i18n.on("languageChanged", listener);
  return () => i18n.off("languageChanged", listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribeToLanguage, readLanguage);
}

export function defineWords<const Texts extends Record<string, string>>(name: string, en: Texts, de: { [Key in keyof Texts]: string }) {
  i18n.addResourceBundle("en", name, en);
  i18n.addResourceBundle("de", name, de);
  // One function per language, made once: rows of a long list ask for it thousands of times while scrolling. A text without
  // values is the text itself; only those with values need the work of interpolation and plural.
  const make = (language: Language, texts: Record<string, string>): Translate<Texts> => {
    const fill = i18n.getFixedT(language, name) as unknown as Translate<Texts>;
    return (key, values) => (values === undefined ? texts[key] : undefined) ?? fill(key, values);
  };
  const translate = { en: make("en", en), de: make("de", de) };
  return {
    use: (): Translate<Texts> => translate[useLanguage()],
  };
}
