// Connects key presses to the views on screen: of those that know a command the highest rank gets it, then the newest.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { pressKey, START, type EngineState } from "./engine";
import type { Command } from "./map";

const STORAGE_KEY = "salesbrain.shortcuts";
type Handler = () => void;

/** A higher rank goes first: what is selected is meant before what is open, whichever view came later. */
type Entry = { handler: { current: Handler }; rank: number };

const handlers = new Map<Command, Entry[]>();
const listeners = new Set<() => void>();
let engine: EngineState = START;

export function areShortcutsOn(): boolean {
  return localStorage.getItem(STORAGE_KEY) !== "off";
}

export function setShortcutsOn(isOn: boolean): void {
  localStorage.setItem(STORAGE_KEY, isOn ? "on" : "off");
  for (const listener of listeners) listener();
}

export function useShortcutsOn(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, areShortcutsOn);
}

export function runCommand(command: Command): boolean {
  const entries = handlers.get(command) ?? [];
  const entry = entries.findLast((candidate) => entries.every((other) => other.rank <= candidate.rank));
  entry?.handler.current();
  return entry !== undefined;
}

/** Whether anything on screen would answer to the command right now. */
export function isCommandKnown(command: Command): boolean {
  return (handlers.get(command) ?? []).length > 0;
}

/** Passing null means the view does not know the command at the moment. */
export function useCommand(command: Command, handler: Handler | null, rank = 0): void {
  const latest = useRef<Handler>(() => undefined);
  useEffect(() => {
    latest.current = handler ?? (() => undefined);
  });
  const isKnown = handler !== null;
  useEffect(() => {
    if (!isKnown) return;
    const entry = { handler: latest, rank };
    handlers.set(command, [...(handlers.get(command) ?? []), entry]);
    return () => {
      handlers.set(command, (handlers.get(command) ?? []).filter((other) => other !== entry));
    };
  }, [command, isKnown, rank]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("input, textarea, select, [role='combobox'], [role='textbox']");
}

function isInOverlay(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true;
  return target instanceof HTMLElement && target.closest("[role='menu'], [role='listbox'], [role='dialog']") !== null;
}

function handleKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"].includes(event.key)) return;
  const isPalette = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
  if (!areShortcutsOn() && !isPalette) return;
  if (isInOverlay(event.target) || (isTyping(event.target) && !isPalette)) {
    engine = START;
    return;
  }
  const result = pressKey(engine, {
    key: event.key,
    ctrlKey: event.ctrlKey,
    metaKey: event.metaKey,
    altKey: event.altKey,
    shiftKey: event.shiftKey,
    atMs: event.timeStamp,
  });
  engine = result.state;
  if (result.command && runCommand(result.command)) event.preventDefault();
}

export function useKeyboard(): void {
  useEffect(() => {
    window.addEventListener("keydown", handleKeyDown);
    return () => window.removeEventListener("keydown", handleKeyDown);
  }, []);
}
