// Shows search text with its hits highlighted.
import { parseMarkedText } from "./marked_text";

export function Marked({ text }: { text: string }) {
  return parseMarkedText(text).map((part, index) => (part.isMarked ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>));
}
