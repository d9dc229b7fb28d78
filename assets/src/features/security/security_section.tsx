// Settings, Security: everything by which one signs in, and where one is signed in.
import { useQuery } from "@tanstack/react-query";
import { signInOptionsQuery } from "../../api/account_queries";
import { EmailPart } from "./email_part";
import { IdentitiesPart } from "./identities_part";
import { PasskeysPart } from "./passkeys_part";
import { PasswordPart } from "./password_part";
import { SecondFactorPart } from "./second_factor_part";
import styles from "./security.module.css";
import { SessionsPart } from "./sessions_part";
import { securityWords } from "./words";

export function SecuritySection() {
  const t = securityWords.use();
  const options = useQuery(signInOptionsQuery());
  return (
    <div className={styles.column}>
      <h2>{t("security")}</h2>
      <SecondFactorPart />
      <PasskeysPart isOffered={options.data?.is_passkey_possible ?? true} />
      <PasswordPart />
      <EmailPart />
      <IdentitiesPart providers={options.data?.providers ?? []} />
      <SessionsPart />
    </div>
  );
}
