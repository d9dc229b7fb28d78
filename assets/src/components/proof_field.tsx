// What shows that it is the owner of the account who asks: one field for the password or a code from the app.
import { TextInput } from "@mantine/core";
import { ApiError } from "../api/client";
import { componentWords } from "./words";

/** Whether the server refused the proof and nothing else of the request. */
export const isProofRefused = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 400 && (error.field === "password" || error.field === "code");

type Props = { value: string; onChange: (typed: string) => void; error: unknown; isFirst?: boolean };

export function ProofField({ value, onChange, error, isFirst = false }: Props) {
  const t = componentWords.use();
  const wrong = value === "" ? t("proof_needed") : t("proof_wrong");
  return (
    <TextInput
      type="password"
      label={t("proof")}
      description={t("proof_hint")}
      autoComplete="current-password"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={isProofRefused(error) ? wrong : null}
      autoFocus={isFirst}
      maw={420}
    />
  );
}
