// The way back for someone in no organization: what they see beside a view of their own leads nowhere else.
import { IconArrowLeft } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMe } from "../api/session";
import { ActionButton } from "./action_button";
import { componentWords } from "./words";

export function WayBack() {
  const t = componentWords.use();
  const navigate = useNavigate();
  if (useMe().organization !== null) return null;
  return <ActionButton look="outlined" icon={IconArrowLeft} label={t("back")} hasText onClick={() => void navigate({ to: "/no-organization" })} />;
}
