// The providers around everything: Mantine with our tokens, the query cache, the router.
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { colorSchemeManager, cssVariablesResolver, readStyleNonce, theme } from "../theme/mantine";
import { readStoredTheme } from "../theme/scheme";
import { router } from "./router";

const RETRIES = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server has refused stays refused; only its silence is worth another try.
      retry: (failures, error) => failures < RETRIES && error instanceof ApiError && (error.status === 0 || error.status >= 502),
      retryDelay: (failures) => 300 * 2 ** failures,
      refetchOnWindowFocus: false,
      staleTime: 30_000,
    },
  },
});

export function Application() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      colorSchemeManager={colorSchemeManager}
      defaultColorScheme={readStoredTheme()}
      getStyleNonce={readStyleNonce}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
