// The command palette: every command, mailbox and campaign by name, otherwise a search for what was typed.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { organizationsQuery } from "../api/organization_queries";
import { campaignsQuery, mailboxesQuery } from "../api/queries";
import { useMe } from "../api/session";
import { Dialog } from "../components/dialog";
import { useErrorText } from "../components/error_text";
import { ShortcutKeys } from "../components/shortcut_keys";
import { showToast } from "../components/toast";
import { isCommandKnown, runCommand } from "../keyboard/commands";
import { SHORTCUTS, type Command } from "../keyboard/map";
import styles from "./overlay.module.css";
import { useSwitchOrganization } from "./switch_organization";
import { appWords } from "./words";

type Choice = { key: string; name: string; note: ReactNode; run: () => void };

const LEFT_OUT: ReadonlySet<Command> = new Set(["palette", "open", "next", "previous", "back", "select"]);
const SHOWN = 40;

function useChoices(typed: string, onClose: () => void): Choice[] {
  const t = appWords.use();
  const navigate = useNavigate();
  const { organization: here, permissions } = useMe();
  const mayRead = permissions.includes("campaigns.read");
  const mailboxes = useQuery({ ...mailboxesQuery(), enabled: mayRead });
  const campaigns = useInfiniteQuery({ ...campaignsQuery(), enabled: mayRead });
  const organizations = useQuery(organizationsQuery());
  const switchTo = useSwitchOrganization();
  const describe = useErrorText();
  // A command runs after the dialog is gone, so that focus is back where the command expects it.
  const later = (run: () => void) => () => {
    onClose();
    requestAnimationFrame(run);
  };
  const commands = (Object.keys(SHORTCUTS) as Command[])
    .filter((command) => !LEFT_OUT.has(command) && isCommandKnown(command))
    .map((command) => ({
      key: command,
      name: SHORTCUTS[command].group === "navigation" ? `${t("group_navigation")}: ${t(`command_${command}`)}` : t(`command_${command}`),
      note: <ShortcutKeys command={command} />,
      run: later(() => runCommand(command)),
    }));
  const places = [
    ...(mailboxes.data ?? []).map((mailbox) => ({
      key: mailbox.id,
      name: mailbox.address,
      note: t("palette_mailbox"),
      run: later(() => void navigate({ to: "/inbox", search: { mailbox_id: mailbox.id } })),
    })),
    ...(campaigns.data?.pages ?? [])
      .flatMap((page) => page.rows)
      .map((campaign) => ({
        key: campaign.id,
        name: campaign.name,
        note: t("palette_campaign"),
        run: later(() => void navigate({ to: "/campaigns/$campaignId", params: { campaignId: campaign.id } })),
      })),
  ];
  const others = (organizations.data ?? [])
    .filter((organization) => organization.id !== here?.id && organization.delete_after_ms === null)
    .map((organization) => ({
      key: organization.id,
      name: t("palette_switch", { name: organization.name }),
      note: t("palette_organization"),
      run: later(() => void switchTo(organization.id).catch((error: unknown) => showToast(describe(error)))),
    }));
  const query = typed.trim();
  const matches = [...commands, ...others, ...places].filter((choice) => choice.name.toLowerCase().includes(query.toLowerCase())).slice(0, SHOWN);
  if (query === "" || !permissions.includes("inbox.read")) return matches;
  const search = { key: "search-text", name: t("palette_search", { query }), note: null, run: later(() => void navigate({ to: "/search", search: { q: query } })) };
  return [...matches, search];
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = appWords.use();
  const [typed, setTyped] = useState("");
  const [position, setPosition] = useState(0);
  const choices = useChoices(typed, onClose);
  const list = useRef<HTMLDivElement>(null);
  const active = Math.min(position, choices.length - 1);

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);

  function handleKeyDown(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setPosition((active + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % Math.max(1, choices.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choices[active]?.run();
    }
  }

  return (
    <Dialog title={t("palette")} isHeadHidden onClose={onClose}>
      <input
        className={styles.input}
        role="combobox"
        aria-label={t("palette_input")}
        aria-expanded="true"
        aria-controls="palette-choices"
        aria-activedescendant={choices[active] ? `palette-${choices[active].key}` : undefined}
        aria-autocomplete="list"
        placeholder={t("palette_input")}
        autoFocus
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setPosition(0);
        }}
        onKeyDown={handleKeyDown}
      />
      <div ref={list} id="palette-choices" role="listbox" aria-label={t("palette")} className={styles.choices} tabIndex={-1}>
        {choices.map((choice, index) => (
          <div
            key={choice.key}
            id={`palette-${choice.key}`}
            role="option"
            aria-selected={index === active}
            className={styles.choice}
            onMouseMove={() => setPosition(index)}
            onClick={choice.run}
          >
            <span className={styles.choiceName}>{choice.name}</span>
            <span className={styles.kind}>{choice.note}</span>
          </div>
        ))}
        {choices.length === 0 ? <div className={styles.none}>{t("palette_none")}</div> : null}
      </div>
    </Dialog>
  );
}
