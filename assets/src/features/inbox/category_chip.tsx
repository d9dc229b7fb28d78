// The chip of a category; a provider's own label replaces the word.
import type { Category } from "../../api/types";
import { Chip } from "../../components/chip";
import { CATEGORY_LOOKS } from "./categories";
import { inboxWords } from "./words";

export function CategoryChip({ category, label }: { category: Category; label?: string | null }) {
  const t = inboxWords.use();
  const look = CATEGORY_LOOKS[category] ?? CATEGORY_LOOKS.custom;
  const text = category === "custom" && label ? label : t(`category_${category}`);
  return <Chip text={text} tone={look.tone} shape={look.shape} />;
}
