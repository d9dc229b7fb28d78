// A view that loads when it is first opened. The router's own lazy component reloads the page when the file does not come,
// which leaves the reader with the browser's error page while the server is away; here the view says so and can be retried.
import { createElement, use, type ComponentType } from "react";
import { ApiError } from "../api/client";

const RELOADED_KEY = "salesbrain.reloaded_for";
const failed = new Set<() => void>();

/** Lets views that could not be loaded try again when they are rendered next. */
export function forgetFailedViews(): void {
  for (const forget of failed) forget();
  failed.clear();
}

async function isServerThere(): Promise<boolean> {
  try {
    return (await fetch("/health", { cache: "no-store" })).status < 500;
  } catch {
    return false;
  }
}

/** A file that is missing on a server that answers belongs to an older version of the interface; loading the page gets the new one. */
async function explain(cause: unknown): Promise<unknown> {
  if (!(await isServerThere())) return new ApiError("unreachable", 0, "");
  const file = String(cause);
  if (sessionStorage.getItem(RELOADED_KEY) === file) return cause;
  sessionStorage.setItem(RELOADED_KEY, file);
  window.location.reload();
  return cause;
}

export function lazyView<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  let loading: Promise<ComponentType> | null = null;
  const start = () => {
    loading ??= load().then(
      (module) => module[name],
      async (cause) => {
        failed.add(() => {
          loading = null;
        });
        throw await explain(cause);
      },
    );
    return loading;
  };
  const View = () => createElement(use(start()));
  /** For the router, which calls this on intent; the failure is told when the view is rendered. */
  const preload = async () => {
    await start().catch(() => undefined);
  };
  return Object.assign(View, { preload });
}
