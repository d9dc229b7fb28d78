// Texts in two languages: each feature defines its own words next to its code; German cannot miss a key, the compiler checks.
import i18n from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
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

void i18n.use(initReactI18next).init({
  lng: readStoredLanguage(),
  fallbackLng: "en",
  resources: {},
  initAsync: false,
  interpolation: { escapeValue: false },
  react: { useSuspense: false },
});
document.documentElement.lang = i18n.language;

export function changeLanguage(language: Language): void {
  localStorage.setItem(STORAGE_KEY, language);
  document.documentElement.lang = language;
  if (i18n.language !== language) void i18n.changeLanguage(language);
}

export function useLanguage(): Language {
  return useTranslation().i18n.language === "de" ? "de" : "en";
}

export function defineWords<const Texts extends Record<string, string>>(name: string, en: Texts, de: { [Key in keyof Texts]: string }) {
  i18n.addResourceBundle("en", name, en);
  i18n.addResourceBundle("de", name, de);
  return {
    use: (): Translate<Texts> => useTranslation(name).t as unknown as Translate<Texts>,
    /** For code outside of components; such text does not follow a later change of language. */
    now: (key: WordKey<Texts>, values?: Record<string, string | number>): string => i18n.t(`${name}:${key}`, values),
  };
}
