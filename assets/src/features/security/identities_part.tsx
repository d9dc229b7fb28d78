// Identities at other services that sign in here: linked and removed.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../../api/account_calls";
import { identitiesQuery } from "../../api/account_queries";
import type { LinkedIdentity, SignInProvider } from "../../api/account_types";
import { ActionButton } from "../../components/action_button";
import { readProof, type TypedProof } from "../../components/proof";
import { isProofRefused, ProofField } from "../../components/proof_field";
import { useFormat, useNow } from "../../i18n/format";
import { keepProviderTrip } from "../session/kept";
import { FormError, Loaded, Part, RowButton } from "./part";
import { ProofQuestion } from "./proof_question";
import styles from "./security.module.css";
import { securityWords } from "./words";

export function IdentitiesPart({ providers }: { providers: SignInProvider[] }) {
  const t = securityWords.use();
  const query = useQuery(identitiesQuery());
  const [linking, setLinking] = useState<SignInProvider | null>(null);
  const [typed, setTyped] = useState("");
  const link = useMutation({
    mutationFn: (provider: string) => calls.startProvider(provider, { is_link: true, ...readProof(typed) }),
    onSuccess: ({ url }) => {
      keepProviderTrip({ isLink: true, next: null });
      window.location.assign(url);
    },
  });
  const ask = (provider: SignInProvider | null) => {
    link.reset();
    setTyped("");
    setLinking(provider);
  };
  const isLinked = (provider: string) => query.data?.some((identity) => identity.provider === provider) === true;
  const open = providers.filter((provider) => !isLinked(provider.id));
  return (
    <Part title={t("identities")} text={t("identities_text")}>
      <Loaded query={query} empty={providers.length === 0 ? t("identities_none") : t("identities_empty")}>
        {(rows) => (
          <ul className={styles.rows}>
            {rows.map((identity) => (
              <IdentityRow key={identity.id} identity={identity} service={providers.find((provider) => provider.id === identity.provider)?.name ?? identity.provider} />
            ))}
          </ul>
        )}
      </Loaded>
      {linking === null ? (
        <div className={styles.buttons}>
          {open.map((provider) => (
            <ActionButton key={provider.id} look="outlined" label={t("identity_link", { name: provider.name })} hasText onClick={() => ask(provider)} />
          ))}
        </div>
      ) : (
        <form
          className={styles.form}
          aria-label={t("identity_link", { name: linking.name })}
          onSubmit={(event) => {
            event.preventDefault();
            link.mutate(linking.id);
          }}
        >
          <ProofField value={typed} onChange={setTyped} error={link.error} isFirst />
          <FormError error={isProofRefused(link.error) ? null : link.error} />
          <div className={styles.buttons}>
            <Button type="submit" loading={link.isPending}>
              {t("identity_link", { name: linking.name })}
            </Button>
            <Button variant="default" onClick={() => ask(null)}>
              {t("cancel")}
            </Button>
          </div>
        </form>
      )}
    </Part>
  );
}

function IdentityRow({ identity, service }: { identity: LinkedIdentity; service: string }) {
  const t = securityWords.use();
  const format = useFormat();
  const now = useNow();
  const client = useQueryClient();
  const [isAsked, setAsked] = useState(false);
  const remove = useMutation({
    mutationFn: (proof: TypedProof) => calls.deleteIdentity(identity.id, proof),
    onSuccess: () => client.invalidateQueries({ queryKey: ["identities"] }),
  });
  const ask = (isNow: boolean) => {
    remove.reset();
    setAsked(isNow);
  };
  return (
    <li className={styles.row}>
      <div className={styles.line}>
        <div className={styles.what}>
          <span className={styles.name}>{[service, identity.name].filter(Boolean).join(" · ")}</span>
          <span className={styles.facts}>
            <span>{t("identity_linked", { time: format.date(identity.created_at_ms) })}</span>
            {identity.last_used_at_ms === null ? null : <span>{t("passkey_used", { time: format.short(identity.last_used_at_ms, now) })}</span>}
          </span>
        </div>
        <RowButton label={t("remove")} name={t("identity_remove_of", { name: service })} isDanger onClick={() => ask(true)} />
      </div>
      {isAsked ? (
        <ProofQuestion
          text={t("identity_remove_text")}
          action={t("identity_remove_action")}
          isPending={remove.isPending}
          error={remove.error}
          onProof={remove.mutate}
          onCancel={() => ask(false)}
        />
      ) : null}
    </li>
  );
}
