// Passkeys: added with a name, renamed, removed.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/account_calls";
import { passkeysQuery } from "../../api/account_queries";
import type { Passkey } from "../../api/account_types";
import { ActionButton } from "../../components/action_button";
import { useErrorText } from "../../components/error_text";
import { readProof, type TypedProof } from "../../components/proof";
import { isProofRefused, ProofField } from "../../components/proof_field";
import { useFormat, useNow } from "../../i18n/format";
import { readField } from "../session/fields";
import { isPasskeyPossible, makePasskey, PasskeyCancelled, PasskeyImpossible } from "../session/passkey";
import { FormError, Loaded, Part, RowButton } from "./part";
import { ProofQuestion } from "./proof_question";
import { useSecondFactorChanged } from "./second_factor_part";
import styles from "./security.module.css";
import { securityWords } from "./words";

export function PasskeysPart({ isOffered }: { isOffered: boolean }) {
  const t = securityWords.use();
  const query = useQuery(passkeysQuery());
  const [isAdding, setAdding] = useState(false);
  const reason = !isOffered ? t("passkeys_off") : isPasskeyPossible() ? null : t("passkeys_impossible");
  return (
    <Part
      title={t("passkeys")}
      text={t("passkeys_text")}
      action={isAdding ? null : <ActionButton look="outlined" label={t("passkey_add")} hasText disabledReason={reason} onClick={() => setAdding(true)} />}
    >
      {isAdding ? <AddPasskey onClose={() => setAdding(false)} /> : null}
      {reason !== null && query.data?.length !== 0 ? <p className={`${styles.soft} ${styles.small}`}>{reason}</p> : null}
      {isAdding && query.data?.length === 0 ? null : (
        <Loaded query={query} empty={reason ?? t("passkeys_empty")}>
          {(rows) => (
            <ul className={styles.rows}>
              {rows.map((passkey) => (
                <PasskeyRow key={passkey.id} passkey={passkey} />
              ))}
            </ul>
          )}
        </Loaded>
      )}
    </Part>
  );
}

function usePasskeysChanged(): () => void {
  const client = useQueryClient();
  const factorChanged = useSecondFactorChanged();
  return () => {
    void client.invalidateQueries({ queryKey: ["passkeys"] });
    factorChanged().catch(() => undefined);
  };
}

function AddPasskey({ onClose }: { onClose: () => void }) {
  const t = securityWords.use();
  const describe = useErrorText();
  const changed = usePasskeysChanged();
  const [typed, setTyped] = useState("");
  const add = useMutation({
    mutationFn: async (name: string) => {
      const { token, options } = await calls.startPasskey(readProof(typed));
      return calls.createPasskey({ token, name, credential: await makePasskey(options) });
    },
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    add.mutate(readField(new FormData(event.currentTarget), "name") || t("passkey_name_default"));
  }
  const explain = (error: unknown) => {
    if (error instanceof PasskeyCancelled) return t("passkey_cancelled");
    if (error instanceof PasskeyImpossible) return t("passkeys_impossible");
    return error instanceof DOMException ? t("passkey_exists") : describe(error);
  };
  return (
    <form className={styles.form} onSubmit={handleSubmit}>
      <TextInput name="name" label={t("passkey_name")} defaultValue={t("passkey_name_default")} autoComplete="off" maxLength={100} autoFocus />
      <ProofField value={typed} onChange={setTyped} error={add.error} />
      <FormError error={isProofRefused(add.error) ? null : add.error} text={add.isError ? explain(add.error) : null} />
      <div className={styles.buttons}>
        <Button type="submit" loading={add.isPending}>
          {t("passkey_make")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function PasskeyRow({ passkey }: { passkey: Passkey }) {
  const t = securityWords.use();
  const format = useFormat();
  const now = useNow();
  const changed = usePasskeysChanged();
  const [open, setOpen] = useState<"rename" | "remove" | null>(null);
  const rename = useMutation({
    mutationFn: (name: string) => calls.updatePasskey(passkey.id, name),
    onSuccess: () => {
      setOpen(null);
      changed();
    },
  });
  const remove = useMutation({ mutationFn: (proof: TypedProof) => calls.deletePasskey(passkey.id, proof), onSuccess: changed });
  const show = (next: "remove" | null) => {
    remove.reset();
    setOpen(next);
  };
  function handleRename(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = readField(new FormData(event.currentTarget), "name");
    if (name !== "") rename.mutate(name);
  }
  return (
    <li className={styles.row}>
      {open === "rename" ? (
        <form className={styles.form} onSubmit={handleRename}>
          <TextInput name="name" label={t("passkey_name")} defaultValue={passkey.name} autoComplete="off" maxLength={100} autoFocus />
          <FormError error={rename.error} />
          <div className={styles.buttons}>
            <Button type="submit" loading={rename.isPending}>
              {t("save")}
            </Button>
            <Button variant="default" onClick={() => setOpen(null)}>
              {t("cancel")}
            </Button>
          </div>
        </form>
      ) : (
        <div className={styles.line}>
          <div className={styles.what}>
            <span className={styles.name}>{passkey.name}</span>
            <span className={styles.facts}>
              <span>{t("passkey_created", { time: format.date(passkey.created_at_ms) })}</span>
              <span>{passkey.last_used_at_ms === null ? t("passkey_unused") : t("passkey_used", { time: format.short(passkey.last_used_at_ms, now) })}</span>
            </span>
          </div>
          <div className={styles.buttons}>
            <RowButton label={t("rename")} name={t("passkey_rename_of", { name: passkey.name })} onClick={() => setOpen("rename")} />
            <RowButton label={t("remove")} name={t("passkey_remove_of", { name: passkey.name })} isDanger onClick={() => show("remove")} />
          </div>
        </div>
      )}
      {open === "remove" ? (
        <ProofQuestion
          text={t("passkey_remove_text")}
          action={t("passkey_remove_action")}
          isPending={remove.isPending}
          error={remove.error}
          onProof={remove.mutate}
          onCancel={() => show(null)}
        />
      ) : null}
    </li>
  );
}
