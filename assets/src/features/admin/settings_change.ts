// Saves a part of the appliance's settings; what is not named stays as it is.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import * as calls from "../../api/organization_calls";
import type { SettingsChange } from "../../api/organization_types";

export function useSettingsChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: SettingsChange) => calls.updateSettings(change),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["appliance-settings"] });
      void client.invalidateQueries({ queryKey: ["sign-in-options"] });
    },
  });
}
