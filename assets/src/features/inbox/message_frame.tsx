// A message in its original formatting: the server's sanitised page in a sandboxed frame without scripts, as tall as its content.
import { useEffect, useRef, useState } from "react";
import { messageHtmlAddress } from "../../api/calls";
import styles from "./thread.module.css";

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
const TALLEST = 20_000;

export function MessageFrame({ messageId, title, areImagesAllowed }: { messageId: string; title: string; areImagesAllowed: boolean }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const observer = useRef<ResizeObserver | null>(null);
  const [height, setHeight] = useState(120);

  useEffect(() => () => observer.current?.disconnect(), []);

  function handleLoad(): void {
    observer.current?.disconnect();
    const body = frame.current?.contentDocument?.body;
    if (!body) return;
    // The body is measured, not the root: the root is never smaller than the frame and would only ever grow.
    const measure = () => setHeight(Math.min(TALLEST, Math.max(40, Math.ceil(body.getBoundingClientRect().height + 24))));
    observer.current = new ResizeObserver(measure);
    observer.current.observe(body);
    measure();
  }

  return (
    <iframe
      ref={frame}
      className={styles.frame}
      title={title}
      sandbox={SANDBOX}
      src={messageHtmlAddress(messageId, areImagesAllowed)}
      style={{ height }}
      onLoad={handleLoad}
    />
  );
}
