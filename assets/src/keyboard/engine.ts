// Turns key presses into commands; pure, so that sequences and exclusions can be tested without a browser.
import { NATIVE, type Bindings, type Command } from "./map";

export const SEQUENCE_WAIT_MS = 1_200;

export type KeyPress = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean; atMs: number };
export type EngineState = { first: string | null; atMs: number };
export const START: EngineState = { first: null, atMs: 0 };

export function nameKey(press: KeyPress): string | null {
  if (press.altKey) return null;
  const isLetter = press.key.length === 1 && press.key.toLowerCase() !== press.key.toUpperCase();
  const name = isLetter ? press.key.toLowerCase() : press.key === " " ? "Space" : press.key;
  if (press.ctrlKey || press.metaKey) return `Mod+${name.toUpperCase()}`;
  if (isLetter && press.shiftKey) return `Shift+${name.toUpperCase()}`;
  return name;
}

export function pressKey(state: EngineState, press: KeyPress, bindings: Bindings): { state: EngineState; command: Command | null } {
  const name = nameKey(press);
  if (name === null) return { state: START, command: null };
  const first = state.first !== null && press.atMs - state.atMs <= SEQUENCE_WAIT_MS ? state.first : null;
  const typed = first === null ? [name] : [first, name];
  const commands = Object.entries(bindings) as [Command, readonly string[]][];
  for (const [command, keys] of commands) {
    const isMatch = keys.length > 0 && keys.length === typed.length && keys.every((key, index) => key === typed[index]);
    if (isMatch && !NATIVE.has(command)) return { state: START, command };
  }
  const startsSequence = commands.some(([, keys]) => keys.length === 2 && keys[0] === name);
  return { state: startsSequence ? { first: name, atMs: press.atMs } : START, command: null };
}
