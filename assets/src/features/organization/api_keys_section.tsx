// Keys with which other programs do what a person here may do: made with chosen permissions, shown once, renewed with an overlap.
import { Button, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import * as calls from "../../api/organization_calls";
import { apiKeysQuery } from "../../api/organization_queries";
import type { ApiKey } from "../../api/organization_types";
import { useMe } from "../../api/session";
import type { Permission } from "../../api/types";
import { ActionButton } from "../../components/action_button";
import { CopyField } from "../../components/copy_field";
import { useErrorText } from "../../components/error_text";
import { StateWord } from "../../components/mark";
import { PaneError, PaneMessage } from "../../components/pane_message";
import { readProof } from "../../components/proof";
import { isProofRefused, ProofField } from "../../components/proof_field";
import { Question } from "../../components/question";
import { RelativeTime } from "../../components/relative_time";
import styles from "../../components/section.module.css";
import { SectionHead } from "../../components/sections";
import { TableBones } from "../../components/skeleton";
import { Table } from "../../components/table";
import { useFormat, useNow } from "../../i18n/format";
import { PermissionList, PermissionPicker } from "./permission_picker";
import { organizationWords } from "./words";

const DAY_MS = 24 * 3_600_000;
const LIVES = ["30", "90", "365", "never"] as const;
const OVERLAPS = ["0", "1", "24", "168"] as const;
type Open = { id: string; what: "permissions" | "rotate" | "revoke" } | null;
type Fresh = { name: string; key: string; isRotated: boolean };

export function ApiKeysSection() {
  const t = organizationWords.use();
  const query = useQuery(apiKeysQuery());
  const [isCreating, setCreating] = useState(false);
  const [fresh, setFresh] = useState<Fresh | null>(null);
  const [open, setOpen] = useState<Open>(null);
  return (
    <div className={styles.wide}>
      <section>
        <SectionHead
          title={t("api_keys")}
          text={t("api_keys_text")}
          action={<ActionButton look="outlined" icon={IconPlus} label={t("key_new")} hasText onClick={() => setCreating(true)} />}
        />
        {fresh ? <FreshKey fresh={fresh} onClose={() => setFresh(null)} /> : null}
        {isCreating ? (
          <KeyForm
            onClose={() => setCreating(false)}
            onMade={(made) => {
              setCreating(false);
              setFresh(made);
            }}
          />
        ) : null}
        {query.isPending ? <TableBones rows={3} /> : null}
        {query.isError && !query.data ? <PaneError title={t("api_keys_error")} error={query.error} onRetry={() => void query.refetch()} /> : null}
        {query.data?.length === 0 && !isCreating ? <PaneMessage title={t("api_keys_empty")} text={t("api_keys_empty_text")} /> : null}
        {query.data && query.data.length > 0 ? <KeyTable keys={query.data} open={open} onOpen={setOpen} onFresh={setFresh} /> : null}
      </section>
    </div>
  );
}

function FreshKey({ fresh, onClose }: { fresh: Fresh; onClose: () => void }) {
  const t = organizationWords.use();
  return (
    <div className={styles.panel} role="status">
      <p className={styles.done}>{fresh.isRotated ? t("key_rotated", { name: fresh.name }) : t("key_made", { name: fresh.name })}</p>
      <CopyField label={t("key")} value={fresh.key} note={t("key_note")} isSecret />
      <CopyField label={t("key_header")} value="Authorization: Bearer <key>" note={t("key_header_note")} />
      <div className={styles.buttons}>
        <Button variant="default" onClick={onClose}>
          {t("key_saved")}
        </Button>
      </div>
    </div>
  );
}

function KeyForm({ onClose, onMade }: { onClose: () => void; onMade: (fresh: Fresh) => void }) {
  const t = organizationWords.use();
  const describe = useErrorText();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<Set<Permission>>(() => new Set());
  const [life, setLife] = useState<(typeof LIVES)[number]>("90");
  const [missing, setMissing] = useState<readonly ("name" | "permissions")[]>([]);
  const [typed, setTyped] = useState("");
  const create = useMutation({
    mutationFn: (name: string) =>
      calls.createApiKey({ name, permissions: [...chosen], ...readProof(typed), ...(life === "never" ? {} : { expires_at_ms: Date.now() + Number(life) * DAY_MS }) }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ["api-keys"] });
      onMade({ name: made.name, key: made.key, isRotated: false });
    },
  });
  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    const lacking = [...(name === "" ? (["name"] as const) : []), ...(chosen.size === 0 ? (["permissions"] as const) : [])];
    setMissing(lacking);
    if (lacking.length === 0) create.mutate(name);
  }
  return (
    <form className={styles.panel} onSubmit={handleSubmit} noValidate aria-label={t("key_new")}>
      <div className={styles.row} style={{ alignItems: "flex-start" }}>
        <TextInput
          name="name"
          label={t("key_name")}
          placeholder={t("key_name_example")}
          maxLength={80}
          error={missing.includes("name") ? t("required") : null}
          autoComplete="off"
          autoFocus
          className={styles.grow}
        />
        <Select label={t("key_expires")} w={150} value={life} onChange={(value) => setLife(value as typeof life)} data={LIVES.map((name) => ({ value: name, label: name === "never" ? t("key_never_expires") : t("days", { count: Number(name) }) }))} />
      </div>
      {life === "never" ? <p className={styles.notice}>{t("key_never_warning")}</p> : null}
      <PermissionPicker legend={t("key_permissions")} chosen={chosen} onChange={setChosen} />
      <p className={styles.soft}>{t("key_bound")}</p>
      {missing.includes("permissions") ? (
        <p role="alert" className={styles.error}>
          {t("permissions_missing")}
        </p>
      ) : null}
      <ProofField value={typed} onChange={setTyped} error={create.error} />
      {create.isError && !isProofRefused(create.error) ? (
        <p role="alert" className={styles.error}>
          {describe(create.error)}
        </p>
      ) : null}
      <div className={styles.buttons}>
        <Button type="submit" loading={create.isPending}>
          {t("key_create")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

function KeyTable({ keys, open, onOpen, onFresh }: { keys: ApiKey[]; open: Open; onOpen: (open: Open) => void; onFresh: (fresh: Fresh) => void }) {
  const t = organizationWords.use();
  return (
    <Table
      isBoxed
      label={t("api_keys")}
      rows={keys}
      keyOf={(key) => key.id}
      detail={(key) => (open?.id === key.id ? <KeyDetail apiKey={key} what={open.what} onClose={() => onOpen(null)} onFresh={onFresh} /> : null)}
      columns={[
        { key: "name", name: t("key_name"), look: "strong", title: (key) => key.name, cell: (key) => key.name },
        { key: "prefix", name: t("key"), weight: "minor", cell: (key) => <code>{key.prefix}…</code> },
        { key: "state", name: t("state"), cell: (key) => <KeyState apiKey={key} /> },
        { key: "account", name: t("key_account"), look: "clip", weight: "least", title: (key) => key.account.email, cell: (key) => key.account.email },
        {
          key: "used",
          name: t("key_last_used"),
          look: "soft",
          weight: "minor",
          title: (key) => key.last_used_address || undefined,
          cell: (key) => (key.last_used_at_ms ? <RelativeTime atMs={key.last_used_at_ms} /> : t("never")),
        },
        {
          key: "actions",
          name: t("actions"),
          look: "actions",
          isNameHidden: true,
          cell: (key) => (
            <>
              <ActionButton
                size="small"
                label={t("permissions_count", { count: key.permissions.length })}
                hasText
                isExpanded={open?.id === key.id && open.what === "permissions"}
                onClick={() => onOpen(open?.id === key.id && open.what === "permissions" ? null : { id: key.id, what: "permissions" })}
              />
              {key.revoked_at_ms === null ? (
                <>
                  <ActionButton size="small" label={t("key_rotate")} hasText onClick={() => onOpen({ id: key.id, what: "rotate" })} />
                  <ActionButton size="small" label={t("revoke")} hasText isDanger onClick={() => onOpen({ id: key.id, what: "revoke" })} />
                </>
              ) : null}
            </>
          ),
        },
      ]}
    />
  );
}

function KeyState({ apiKey }: { apiKey: ApiKey }) {
  const t = organizationWords.use();
  const format = useFormat();
  const now = useNow();
  if (apiKey.revoked_at_ms !== null) return <StateWord tone="neutral" shape="dash" word={t("key_revoked", { date: format.date(apiKey.revoked_at_ms) })} />;
  if (apiKey.expires_at_ms !== null && apiKey.expires_at_ms <= now) return <StateWord tone="negative" shape="triangle" word={t("key_expired", { date: format.date(apiKey.expires_at_ms) })} />;
  if (apiKey.is_rotating) return <StateWord tone="information" shape="half" word={t("key_rotating")} />;
  const isSoon = apiKey.expires_at_ms !== null && apiKey.expires_at_ms - now < 14 * DAY_MS;
  const word = apiKey.expires_at_ms === null ? t("key_valid_always") : t("key_valid_until", { date: format.date(apiKey.expires_at_ms) });
  return <StateWord tone={isSoon ? "caution" : "positive"} shape={isSoon ? "ring" : "disc"} word={word} />;
}

type DetailProps = { apiKey: ApiKey; what: "permissions" | "rotate" | "revoke"; onClose: () => void; onFresh: (fresh: Fresh) => void };

function KeyDetail({ apiKey, what, onClose, onFresh }: DetailProps) {
  const t = organizationWords.use();
  const client = useQueryClient();
  const { account } = useMe();
  const [overlap, setOverlap] = useState<string>("24");
  const [typed, setTyped] = useState("");
  const refresh = () => client.invalidateQueries({ queryKey: ["api-keys"] });
  const rotate = useMutation({
    mutationFn: () => calls.rotateApiKey(apiKey.id, { overlap_hours: Number(overlap), ...readProof(typed) }),
    onSuccess: async (made) => {
      onClose();
      onFresh({ name: apiKey.name, key: made.key, isRotated: true });
      await refresh();
    },
  });
  const revoke = useMutation({
    mutationFn: () => calls.deleteApiKey(apiKey.id),
    onSuccess: async () => {
      onClose();
      await refresh();
    },
  });
  if (what === "permissions") return <PermissionList permissions={apiKey.permissions} />;
  if (what === "revoke") {
    return (
      <Question
        text={apiKey.account.id === account.id ? t("key_revoke_ask", { name: apiKey.name }) : t("key_revoke_other_ask", { name: apiKey.name, email: apiKey.account.email })}
        action={t("key_revoke")}
        isPending={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoke.mutate()}
        onCancel={onClose}
      />
    );
  }
  return (
    <Question isDanger={false} text={t("key_rotate_ask", { name: apiKey.name })} action={t("key_rotate_action")} isPending={rotate.isPending} error={isProofRefused(rotate.error) ? null : rotate.error} onConfirm={() => rotate.mutate()} onCancel={onClose}>
      <Select
        label={t("key_overlap")}
        w={220}
        value={overlap}
        onChange={(value) => value && setOverlap(value)}
        data={OVERLAPS.map((hours) => ({ value: hours, label: hours === "0" ? t("key_overlap_none") : Number(hours) >= 48 ? t("days", { count: Number(hours) / 24 }) : t("hours", { count: Number(hours) }) }))}
      />
      <ProofField value={typed} onChange={setTyped} error={rotate.error} />
    </Question>
  );
}
