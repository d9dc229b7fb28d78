// Measures the first paint of the inbox: from the start of the navigation to the frame that shows the first row.

/** Runs in the page before anything else. */
export function watchFirstPaint() {
  window.firstInboxPaintMs = null;
  const look = () => {
    if (!document.querySelector("[data-conversation]")) return requestAnimationFrame(look);
    // The frame after the one that found the row is the first that certainly shows it.
    return requestAnimationFrame(() => (window.firstInboxPaintMs = performance.now()));
  };
  requestAnimationFrame(look);
}
