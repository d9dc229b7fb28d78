// The one cache of everything read from the server.
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

const RETRIES = 2;

export const cache = new QueryClient({
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
