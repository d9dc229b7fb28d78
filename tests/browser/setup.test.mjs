// The newcomer's path: an empty folder, the wizard, the first webhook, the inbox. And the demo, which is the same without typing.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expectNothing, openPage, rowOf, startBrowser } from "./support/browser.mjs";
import { makeProgram, makeReply, waitUntil } from "./support/program.mjs";

describe("first start", () => {
  it("leads from an empty folder to the first conversation", async (test) => {
    const program = await makeProgram(test);
    await program.start();
    const browser = await startBrowser(test);
    const { page, context, seen } = await openPage(browser, program);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);

    await page.goto("/inbox");
    await page.waitForURL("**/setup");
    await page.getByRole("heading", { name: "Set up Salesbrain" }).waitFor();

    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("The password needs at least 10 characters.").waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Olga Owner");
    await page.getByLabel("E-mail address").fill("olga@example.org");
    await page.getByLabel("Password", { exact: true }).fill("a long enough password");
    await page.getByRole("button", { name: "Continue" }).click();

    await page.getByLabel("Name of the organization").fill("Muster Vertrieb AG");
    await page.getByRole("button", { name: "Create organization" }).click();

    await page.getByText("Waiting for the first event").waitFor();
    const address = await page.locator("code").nth(0).textContent();
    assert.equal(address, `${program.address}/webhooks/instantly/webhook`);
    assert.equal(await page.locator("code").nth(1).textContent(), "X-Webhook-Secret");
    const covered = await page.locator("code").nth(2).textContent();
    assert.match(covered, /^•+$/, "the secret is covered until asked for");
    await page.getByRole("button", { name: "Copy: Header value (secret)" }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    await page.getByRole("button", { name: "Show: Header value (secret)" }).click();
    const secret = await page.locator("code").nth(2).textContent();
    assert.equal(copied, secret, "the copy button copies what is shown");

    await assert.rejects(program.post(`${secret}x`, makeReply()), /401/, "another secret is refused");
    await page.evaluate(() => (window.isSamePage = true));
    await page.getByText("Waiting for the first event").waitFor();
    await program.post(secret, makeReply());
    await page.getByText("First event received").waitFor();
    assert.equal(await page.evaluate(() => window.isSamePage), true, "the light turned green without a reload");

    await page.getByRole("button", { name: "Go to inbox" }).click();
    await rowOf(page, "Anna Keller").waitFor();
    assert.match(await rowOf(page, "Anna Keller").textContent(), /Keller Maschinenbau AG.*Re: A question/s);
    expectNothing(seen, [/status of 401/]);

    await page.goto("/setup");
    await page.getByText("Salesbrain is already set up").waitFor();
    assert.equal(await page.getByLabel("Password").count(), 0, "nobody sets up twice");
  });

  it("fills the demo's inbox and keeps it moving", async (test) => {
    const program = await makeProgram(test);
    const startMs = performance.now();
    await program.startDemo(7);
    const browser = await startBrowser(test);
    const { page, seen } = await openPage(browser, program);
    await page.goto(program.link);
    await page.waitForURL("**/inbox");
    await waitUntil("the inbox is full of history", async () => (await page.getByRole("listitem").count()) > 10, 15_000);
    console.log(`demo: filled inbox in the browser ${Math.round(performance.now() - startMs)} ms after the program's start (debug build counts too)`);
    await page.getByText("Live", { exact: true }).waitFor();
    const newest = () => page.getByRole("listitem").first().textContent();
    const before = await newest();
    await waitUntil("the inbox moves by itself", async () => (await newest()) !== before, 30_000);
    expectNothing(seen);
  });
});
