// How the state of a campaign looks: tone and shape.
import type { Campaign } from "../../api/types";
import type { Shape, Tone } from "../../components/mark";

export const CAMPAIGN_LOOKS: Record<Campaign["state"], { tone: Tone; shape: Shape }> = {
  active: { tone: "positive", shape: "disc" },
  paused: { tone: "caution", shape: "half" },
  completed: { tone: "neutral", shape: "square" },
  unknown: { tone: "neutral", shape: "ring" },
};
