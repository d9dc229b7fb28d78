// Who is signed in, and the way out.
import { Menu } from "@mantine/core";
import { IconKeyboard, IconLogout, IconShieldLock, IconUser } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import * as calls from "../api/calls";
import { endSession, useMe } from "../api/session";
import { Avatar } from "../components/avatar";
import { runCommand } from "../keyboard/commands";
import styles from "./shell.module.css";
import { appWords } from "./words";

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    try {
      await calls.signOut();
    } catch {
      // Without the server the cookie cannot be ended there; this browser forgets the session all the same.
    }
    // First away, then the end: a view that loses its session would take its own address along as the place to return to.
    await navigate({ to: "/sign-in" });
    endSession();
    client.clear();
  };
}

export function AccountMenu({ isFolded }: { isFolded: boolean }) {
  const t = appWords.use();
  const { account } = useMe();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const name = account.name || account.email;
  return (
    <Menu position="top-start" width={216}>
      <Menu.Target>
        <button type="button" className={styles.accountButton} aria-label={`${t("account")}: ${name}`}>
          <Avatar person={account} />
          {isFolded ? null : <span className={styles.itemName}>{name}</span>}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{account.email}</Menu.Label>
        <Menu.Item leftSection={<IconUser size={18} stroke={1.5} />} onClick={() => void navigate({ to: "/settings/$section", params: { section: "profile" } })}>
          {t("profile")}
        </Menu.Item>
        <Menu.Item leftSection={<IconShieldLock size={18} stroke={1.5} />} onClick={() => void navigate({ to: "/settings/$section", params: { section: "security" } })}>
          {t("security")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={18} stroke={1.5} />} onClick={() => runCommand("help")}>
          {t("help")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={18} stroke={1.5} />} onClick={() => void signOut()}>
          {t("sign_out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
