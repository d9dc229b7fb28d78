// How the state of a mailbox looks: tone and shape.
import type { Mailbox } from "../../api/types";
import type { Shape, Tone } from "../../components/mark";

export const MAILBOX_LOOKS: Record<Mailbox["state"], { tone: Tone; shape: Shape }> = {
  active: { tone: "positive", shape: "disc" },
  unknown: { tone: "neutral", shape: "ring" },
  error: { tone: "negative", shape: "triangle" },
  suspended: { tone: "caution", shape: "square" },
};
