// The real browser: started once for each file, with contexts that are signed in and watched for everything that must not happen.
import AxeBuilder from "axe-core";
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { OWNER, PASSWORD } from "./program.mjs";

export const RESULTS = new URL("../results/", import.meta.url).pathname;
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export async function startBrowser(cleanup) {
  await mkdir(RESULTS, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
  cleanup.after(() => browser.close());
  return browser;
}

/** A page of its own context; `seen` gathers console errors, exceptions, dialogs, and violations of the content policy. */
export async function openPage(browser, program, options = {}) {
  const { email = null, width = 1440, height = 900, scheme = "light", ...rest } = options;
  const context = await browser.newContext({
    baseURL: program.address,
    viewport: { width, height },
    colorScheme: scheme,
    locale: "en-GB",
    timezoneId: "Europe/Zurich",
    reducedMotion: "reduce",
    ...rest,
  });
  context.setDefaultTimeout(10_000);
  const seen = [];
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") seen.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => seen.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => {
    seen.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  if (email) await signInByRequest(context, email);
  return { context, page, seen };
}

/** Only the cookie: the page then starts as it does for someone who comes back. */
export async function signInByRequest(context, email = OWNER) {
  const response = await context.request.post("/api/v1/auth/login", { data: { email, password: PASSWORD } });
  assert.equal(response.status(), 200, `signing in as ${email}`);
}

export function expectNothing(seen, allowed = []) {
  const unexpected = seen.filter((line) => !allowed.some((pattern) => pattern.test(line)));
  assert.deepEqual(unexpected, [], "console errors, exceptions, dialogs, policy violations");
}

/** The row of a person in the list of conversations. */
export const rowOf = (page, name) => page.getByRole("listitem").filter({ hasText: name });

/** Violations of WCAG 2.2 AA, each as one readable line. The rules run in a world of their own, which no content policy stops. */
export async function findAccessibilityProblems(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await session.send("Runtime.evaluate", { contextId: executionContextId, expression: `${AxeBuilder.source}; 0` });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
    expression: `axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
      iframes: false,
    }).then((found) => found.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ": " + node.target.join(" ") + ": " + (node.any[0] ?? node.all[0] ?? node.none[0])?.message)))`,
  });
  await session.detach();
  // Menus are rendered at the end of the body and belong to the button that has the focus, not to a landmark.
  const isPortal = (problem) => problem.startsWith("region: div[data-portal");
  if (exceptionDetails) throw new Error(`axe failed: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  return result.value.filter((problem) => !isPortal(problem));
}

/** The page itself neither scrolls nor overflows; panes do. */
export async function expectStillPage(page, what) {
  const measured = await page.evaluate(() => {
    const root = document.documentElement;
    window.scrollTo(50, 50);
    const moved = [window.scrollX, window.scrollY, document.body.scrollLeft, document.body.scrollTop];
    window.scrollTo(0, 0);
    return { isTooWide: root.scrollWidth > root.clientWidth, isTooHigh: root.scrollHeight > root.clientHeight, moved };
  });
  assert.deepEqual(measured, { isTooWide: false, isTooHigh: false, moved: [0, 0, 0, 0] }, `${what}: the page itself scrolls or is wider than the window`);
}
