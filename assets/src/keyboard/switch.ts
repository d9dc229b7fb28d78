// Whether shortcuts act in this browser at all; kept here and not in the account, because a phone has no keys.
import { useSyncExternalStore } from "react";

const STORAGE_KEY = "salesbrain.shortcuts";
const listeners = new Set<() => void>();

export function areShortcutsOn(): boolean {
  return localStorage.getItem(STORAGE_KEY) !== "off";
}

export function setShortcutsOn(isOn: boolean): void {
  localStorage.setItem(STORAGE_KEY, isOn ? "on" : "off");
  for (const listener of listeners) listener();
}

export function subscribeToSwitch(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useShortcutsOn = (): boolean => useSyncExternalStore(subscribeToSwitch, areShortcutsOn);
