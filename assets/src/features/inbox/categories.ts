// How each category looks: tone and shape; the word comes from the texts.
import type { Category } from "../../api/types";
import type { Shape, Tone } from "../../components/mark";

export const CATEGORY_LOOKS: Record<Category, { tone: Tone; shape: Shape }> = {
  sent: { tone: "neutral", shape: "dash" },
  reply: { tone: "neutral", shape: "disc" },
  auto_reply: { tone: "neutral", shape: "half" },
  won: { tone: "positive", shape: "diamond" },
  meeting_completed: { tone: "positive", shape: "square" },
  meeting_booked: { tone: "positive", shape: "square" },
  interested: { tone: "positive", shape: "disc" },
  neutral: { tone: "neutral", shape: "ring" },
  out_of_office: { tone: "information", shape: "half" },
  not_interested: { tone: "caution", shape: "ring" },
  wrong_person: { tone: "caution", shape: "ring" },
  lost: { tone: "negative", shape: "ring" },
  no_show: { tone: "caution", shape: "triangle" },
  custom: { tone: "information", shape: "disc" },
  bounced: { tone: "negative", shape: "triangle" },
  unsubscribed: { tone: "negative", shape: "dash" },
  complained: { tone: "negative", shape: "triangle" },
};

export const CATEGORIES = Object.keys(CATEGORY_LOOKS) as Category[];

/** The sidebar's labels: what a salesperson triages by, in the order of worth. */
export const SIDEBAR_CATEGORIES: readonly Category[] = ["interested", "meeting_booked", "reply", "neutral", "out_of_office", "not_interested"];

const SILENT: ReadonlySet<Category> = new Set(["sent", "reply", "neutral"]);

/** A plain reply in an inbox of replies says nothing, so it gets no chip. */
export function hasChip(category: Category): boolean {
  return !SILENT.has(category);
}

export function isCategory(value: unknown): value is Category {
  return typeof value === "string" && value in CATEGORY_LOOKS;
}

/** The interest scale of the domain, from 4 (won) to -4 (no show), as categories. */
export function categoryOfInterest(interest: number | null): Category | null {
  const scale: Record<string, Category> = {
    "4": "won", "3": "meeting_completed", "2": "meeting_booked", "1": "interested", "0": "out_of_office",
    "-1": "not_interested", "-2": "wrong_person", "-3": "lost", "-4": "no_show",
  };
  return interest === null ? null : (scale[String(interest)] ?? null);
}
