// Texts of the sign-in views.
import { defineWords } from "../../i18n/words";

export const sessionWords = defineWords(
  "session",
  {
    title: "Sign in",
    email: "E-mail address",
    password: "Password",
    sign_in: "Sign in",
    wrong: "E-mail address or password is not right. Check both and try again.",
    link_title: "Signing you in",
    link_invalid: "This sign-in link does not work",
    link_invalid_text: "A link works once and for a short time. Ask for a new one, or sign in with your password.",
    link_to_sign_in: "Go to sign in",
    self_hosted: "Your data stays on this server.",
  },
  {
    title: "Anmelden",
    email: "E-Mail-Adresse",
    password: "Passwort",
    sign_in: "Anmelden",
    wrong: "E-Mail-Adresse oder Passwort stimmt nicht. Prüfen Sie beides und versuchen Sie es erneut.",
    link_title: "Sie werden angemeldet",
    link_invalid: "Dieser Anmeldelink funktioniert nicht",
    link_invalid_text: "Ein Link gilt einmal und nur kurze Zeit. Verlangen Sie einen neuen, oder melden Sie sich mit Ihrem Passwort an.",
    link_to_sign_in: "Zur Anmeldung",
    self_hosted: "Ihre Daten bleiben auf diesem Server.",
  },
);
