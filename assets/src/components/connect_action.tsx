// The one next step of a view that stays empty until a provider is connected.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { componentWords } from "./words";

export function ConnectAction() {
  const t = componentWords.use();
  return (
    <Button variant="default" renderRoot={(props) => <Link to="/settings/$section" params={{ section: "connections" }} {...props} />}>
      {t("open_connections")}
    </Button>
  );
}
