// The keys as the signed-in person has them: the map with the account's changes.
import { useSyncExternalStore } from "react";
import { readSession, subscribeToSession } from "../api/session";
import { areShortcutsOn, subscribeToSwitch } from "./switch";
import { bindKeys, COMMANDS, type Bindings } from "./map";

const DEFAULTS = bindKeys({});
const NONE = Object.fromEntries(COMMANDS.map((command) => [command, []])) as unknown as Bindings;

let changes: object | null = null;
let bound = DEFAULTS;

/** Made anew only when the account has changed, so that views can compare it. */
export function readBindings(): Bindings {
  const session = readSession();
  const next = session.status === "signed_in" ? session.account.shortcuts : null;
  if (next !== changes) {
    changes = next;
    bound = next === null ? DEFAULTS : bindKeys(next);
  }
  return bound;
}

export const useBindings = (): Bindings => useSyncExternalStore(subscribeToSession, readBindings);

function subscribe(listener: () => void): () => void {
  const stops = [subscribeToSession(listener), subscribeToSwitch(listener)];
  return () => stops.forEach((stop) => stop());
}

/** What tooltips and menus say: nothing while the shortcuts are switched off. */
export const useShownBindings = (): Bindings => useSyncExternalStore(subscribe, () => (areShortcutsOn() ? readBindings() : NONE));
