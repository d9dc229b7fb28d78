// Every action that the server writes into an audit log has its words: read from the Rust sources, so that a new one cannot be forgotten.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { NOUNS } from "../src/features/audit/nouns";

const RUST = new URL("../../src/", import.meta.url);
const NAME = /"([a-z_]+\.[a-z_]+)"/g;

/** What is not compiled into the program would add actions that only tests write. */
const withoutTests = (source: string) => source.replace(/\n#\[cfg\(test\)\]\nmod tests \{[\s\S]*?\n\}\n/g, "\n");

/** The text between the parenthesis that opens at `start` and the one that closes it. */
function readArguments(source: string, start: number): string {
  let depth = 0;
  for (let at = start; at < source.length; at += 1) {
    if (source[at] === "(") depth += 1;
    if (source[at] === ")" && (depth -= 1) === 0) return source.slice(start + 1, at);
  }
  return source.slice(start);
}

/** The actions one file writes: named where an entry is made, or in what its `action` is chosen from. */
function readActions(file: string, source: string): string[] {
  const found: string[] = [];
  const calls = [...source.matchAll(/(?:\bEntry::new|\bentry|\w+_entry)\(/g)].map((call) => ({ text: call[0], inside: readArguments(source, call.index + call[0].length - 1) }));
  for (const { text, inside } of calls) {
    const named = [...inside.matchAll(NAME)].map((match) => match[1] ?? "");
    found.push(...named.slice(0, 1));
    const isChosen = text === "Entry::new(" && named.length === 0;
    if (!isChosen) continue;
    const chosen = [...source.matchAll(/\baction(?:: &(?:'static )?str)? = ([\s\S]*?);\n/g)].flatMap((match) => [...(match[1] ?? "").matchAll(NAME)].map((name) => name[1] ?? ""));
    const constants = [...inside.matchAll(/\b[A-Z][A-Z_]+\b/g)].flatMap(([constant]) => [...source.matchAll(new RegExp(`const ${constant}: &(?:'static )?str = ("[^"]+");`, "g"))].flatMap((match) => [...(match[1] ?? "").matchAll(NAME)].map((name) => name[1] ?? "")));
    chosen.push(...constants);
    const isGiven = /\baction: (?:impl Into<String>|&(?:'static )?str)/.test(source);
    assert.ok(chosen.length > 0 || isGiven, `${file}: cannot tell which action is written by ${text}${inside})`);
    found.push(...chosen);
  }
  return found;
}

type Texts = Record<string, string>;

/** The words without the interface around them. */
function readTexts(): { en: Texts; de: Texts } {
  const source = readFileSync(new URL("../src/features/audit/words.ts", import.meta.url), "utf8").replace(/^import .*$/gm, "").replace(/export const \w+ = defineWords\(/, "return collect(");
  return new Function("collect", source)((_name: string, en: Texts, de: Texts) => ({ en, de })) as { en: Texts; de: Texts };
}

const files = readdirSync(RUST, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".rs"));
const actions = [...new Set(files.flatMap((file) => {
  const source = withoutTests(readFileSync(new URL(file, RUST), "utf8"));
  return source.includes("Entry") ? readActions(file, source) : [];
}))].toSorted();

test("the sources name the actions that are known to be written", () => {
  for (const action of ["member.invited", "account.disabled", "account.staff_role_changed", "provider.changed", "session.reuse_detected", "second_factor.enabled", "secret.rotated"]) {
    assert.ok(actions.includes(action), `${action} was not found; found were ${actions.join(", ")}`);
  }
});

test("every action of an audit log has a noun and a verb in both languages", () => {
  const { en, de } = readTexts();
  for (const [language, texts] of Object.entries({ en, de })) {
    const missing = actions.flatMap((action) => {
      const [noun = "", verb = ""] = action.split(".");
      return [`noun_${noun}`, `verb_${verb}`].filter((key) => !texts[key]).map((key) => `${action}: ${key}`);
    });
    assert.deepEqual(missing, [], `words missing in ${language}`);
  }
});

test("the filter of the log offers only what is written", () => {
  const written = new Set(actions.map((action) => action.split(".")[0]));
  assert.deepEqual([...new Set(Object.values(NOUNS).flat())].filter((noun) => !written.has(noun)), []);
});
