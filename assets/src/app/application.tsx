// The providers around everything: Mantine with our tokens, the query cache, the router.
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { cache } from "../api/cache";
import { colorSchemeManager, cssVariablesResolver, readStyleNonce, theme } from "../theme/mantine";
import { readStoredTheme } from "../theme/scheme";
import { router } from "./router";

export function Application() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme={readStoredTheme()}
      getStyleNonce={readStyleNonce}
    >
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
