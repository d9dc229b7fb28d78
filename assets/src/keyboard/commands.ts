// Connects key presses to the views on screen: of those that know a command the highest rank gets it, then the newest.
import { useEffect, useRef } from "react";
import { readBindings } from "./bindings";
import { nameKey, pressKey, START, type EngineState, type KeyPress } from "./engine";
import type { Command } from "./map";
import { areShortcutsOn } from "./switch";

type Handler = () => void;

/** A higher rank goes first: what is selected is meant before what is open, whichever view came later. */
type Entry = { handler: { current: Handler }; rank: number };

const handlers = new Map<Command, Entry[]>();
let engine: EngineState = START;

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

export const MODIFIERS: ReadonlySet<string> = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"]);

export const readPress = ({ key, ctrlKey, metaKey, altKey, shiftKey, timeStamp }: KeyboardEvent): KeyPress => ({ key, ctrlKey, metaKey, altKey, shiftKey, atMs: timeStamp });

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
  if (MODIFIERS.has(event.key)) return;
  const press = readPress(event);
  const bindings = readBindings();
  // The palette opens while one types and with shortcuts switched off, as long as its key is none that writes something.
  const palette = bindings.palette.length === 1 ? bindings.palette[0] : undefined;
  const isPalette = palette !== undefined && palette.startsWith("Mod+") && nameKey(press) === palette;
  if (!areShortcutsOn() && !isPalette) return;
  if (isInOverlay(event.target) || (isTyping(event.target) && !isPalette)) {
    engine = START;
    return;
  }
  const result = pressKey(engine, press, bindings);
  engine = result.state;
  if (result.command && runCommand(result.command)) event.preventDefault();
}

export function useKeyboard(): void {
  useEffect(() => {
    window.addEventListener("keydown", handleKeyDown);
    return () => window.removeEventListener("keydown", handleKeyDown);
  }, []);
}
