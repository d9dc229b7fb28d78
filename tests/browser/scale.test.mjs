// Ten thousand conversations in the real browser: every row comes, no page is blank; how soon the first paint is and how much it costs.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { expectNothing, openPage, RESULTS, startBrowser } from "./support/browser.mjs";
import { watchFirstPaint } from "./support/paint.mjs";
import { Cleanup, makeOrganization, makeReply, OWNER, waitUntil } from "./support/program.mjs";

const CONVERSATIONS = 10_000;
const SCRIPT_LIMIT_BYTES = 250 * 1024;
/** Far above the goal of 300 ms: builds without optimisation run these tests, on busy machines. */
const PAINT_LIMIT_MS = 5_000;

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let browser;
const figures = {};

before(async () => {
  const made = await makeOrganization(cleanup);
  program = made.program;
  const startMs = Date.now() - CONVERSATIONS * 1_000;
  const events = Array.from({ length: CONVERSATIONS }, (_, index) =>
    makeReply({
      atMs: startMs + index * 1_000, lead_email: `person${index}@example.com`, firstName: "Person", lastName: String(index),
      reply_subject: `Re: Offer ${index}`, reply_text: `Answer number ${index}, with a little more text than fits on the line.`,
    }),
  );
  await program.postAll(made.secret, events, 48);
  browser = await startBrowser(cleanup);
});

after(() => writeFile(`${RESULTS}figures.json`, `${JSON.stringify(figures, null, 2)}\n`));

const readPaint = (page) => waitUntil("the inbox is painted", () => page.evaluate(() => window.firstInboxPaintMs));
const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];

describe("ten thousand conversations", () => {
  it("are there", async () => {
    const token = await program.signIn(OWNER);
    const counts = (await program.call("GET", "/api/v1/conversations/counts", token)).data;
    assert.ok(counts.inbox >= Math.min(CONVERSATIONS, counts.cap), `the inbox has ${counts.inbox}`);
  });

  it("are painted soon, with little JavaScript", async () => {
    const cold = [];
    const warm = [];
    let script = { bytes: 0, files: 0 };
    for (let round = 0; round < 3; round += 1) {
      const { page, context, seen } = await openPage(browser, program, { email: OWNER });
      await page.addInitScript(watchFirstPaint);
      const session = await context.newCDPSession(page);
      await session.send("Network.enable");
      const scripts = new Map();
      session.on("Network.responseReceived", ({ requestId, type }) => type === "Script" && scripts.set(requestId, 0));
      session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => scripts.has(requestId) && scripts.set(requestId, encodedDataLength));
      await page.goto("/inbox");
      cold.push(await readPaint(page));
      await page.waitForLoadState("networkidle");
      script = { bytes: [...scripts.values()].reduce((sum, bytes) => sum + bytes, 0), files: scripts.size };
      for (let load = 0; load < 3; load += 1) {
        await page.reload();
        warm.push(await readPaint(page));
      }
      expectNothing(seen);
      await context.close();
    }
    figures.first_inbox_paint_ms = { cold_median: Math.round(median(cold)), warm_median: Math.round(median(warm)), warm_best: Math.round(Math.min(...warm)) };
    figures.first_view_script = { kib: Math.round(script.bytes / 102.4) / 10, files: script.files };
    console.log(`first inbox paint: ${JSON.stringify(figures.first_inbox_paint_ms)} ms; JavaScript of the first view: ${figures.first_view_script.kib} KiB in ${script.files} files`);
    assert.ok(script.files > 0 && script.bytes > 10 * 1024, "the scripts were measured");
    assert.ok(script.bytes < SCRIPT_LIMIT_BYTES, `${script.bytes} bytes of JavaScript for the first view`);
    assert.ok(median(warm) < PAINT_LIMIT_MS, `painted after ${median(warm)} ms`);
  });

  it("scroll to the end without a missing row or a blank page", async () => {
    const { page, context, seen } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    await page.locator("[data-conversation]").first().waitFor();
    const startMs = performance.now();
    const result = await page.evaluate(async (expected) => {
      const list = document.querySelector("[role=list]");
      const scroller = list.parentElement;
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      const names = new Map();
      const blanks = [];
      let waits = 0;
      const look = () => {
        const view = scroller.getBoundingClientRect();
        let covered = 0;
        for (const row of list.querySelectorAll("[role=listitem]")) {
          names.set(Number(row.getAttribute("aria-posinset")), row.querySelector("a").textContent);
          const box = row.getBoundingClientRect();
          covered += Math.max(0, Math.min(box.bottom, view.bottom) - Math.max(box.top, view.top));
        }
        return covered >= Math.min(view.height, list.getBoundingClientRect().height) - 1;
      };
      const limit = performance.now() + 120_000;
      while (performance.now() < limit) {
        await frame();
        if (!look()) blanks.push(scroller.scrollTop);
        const isAtEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
        if (isAtEnd && names.size >= expected) break;
        if (isAtEnd) waits += 1;
        scroller.scrollTop += scroller.clientHeight * 0.8;
      }
      return { positions: names.size, texts: [...names.values()], highest: Math.max(...names.keys()), blanks, waits };
    }, CONVERSATIONS);
    const people = new Set(result.texts.map((text) => /Person (\d+)/.exec(text)?.[1]));
    figures.scroll = { rows: people.size, blanks: result.blanks.length, frames_waiting_at_the_end: result.waits, seconds: Math.round((performance.now() - startMs) / 100) / 10 };
    console.log(`scrolled: ${JSON.stringify(figures.scroll)}`);
    assert.equal(result.highest, CONVERSATIONS, "as many places as conversations");
    assert.equal(people.size, CONVERSATIONS, "every person was seen");
    assert.deepEqual(result.blanks, [], "no part of the list was blank");
    const kept = await page.getByRole("listitem").count();
    assert.ok(kept < 100, `${kept} rows are in the document, the rest is virtual`);
    expectNothing(seen);
    await context.close();
  });
});
