// Sessions and the live connection over time: tokens that run out, links that work once, a server that goes away and comes back.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { expectNothing, openPage, rowOf, startBrowser } from "./support/browser.mjs";
import { Cleanup, makeOrganization, makeReply, OWNER, PASSWORD, runProgram, waitUntil } from "./support/program.mjs";

/** The shortest the program allows. */
const TOKEN_LIFE_S = 30;

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let secret;
let browser;

before(async () => {
  ({ program, secret } = await makeOrganization(cleanup, { settings: { SALESBRAIN_ACCESS_TOKEN_S: String(TOKEN_LIFE_S) } }));
  browser = await startBrowser(cleanup);
  await program.post(secret, makeReply());
});

describe("session", () => {
  let early;
  it("starts with one question for the session", async () => {
    early = await openPage(browser, program, { email: OWNER });
    early.refreshes = [];
    early.page.on("response", (response) => response.url().endsWith("/auth/refresh") && early.refreshes.push(response.status()));
    await early.page.goto("/inbox");
    await rowOf(early.page, "Anna Keller").waitFor();
    assert.deepEqual(early.refreshes, [200]);
    // Of the same age as the browser's, to know when that one has run out.
    early.token = await program.signIn(OWNER);
  });

  it("ends with signing out, here and on the server", async () => {
    const { page, context } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    await rowOf(page, "Anna Keller").waitFor();
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL((url) => url.pathname === "/sign-in" && url.search === "");
    assert.equal((await context.cookies()).filter((cookie) => cookie.value !== "").length, 0, "the cookie is gone");
    await page.goto("/inbox");
    await page.waitForURL("**/sign-in");
    assert.equal(await page.getByText("Anna Keller").count(), 0);
    await page.goBack();
    await page.getByLabel("Password", { exact: true }).waitFor();
    assert.equal(await page.getByText("Anna Keller").count(), 0, "going back shows nothing");
    await context.close();
  });

  it("follows a deep link after signing in, and only one of its own", async () => {
    const { page, seen, context } = await openPage(browser, program);
    await page.goto("/search?q=telephone");
    await page.waitForURL(/\/sign-in\?next=/);
    await page.getByLabel("E-mail address").fill(OWNER);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/search?q=telephone");
    assert.equal(await page.getByRole("searchbox").inputValue(), "telephone");
    expectNothing(seen, [/status of 401/]);
    await context.close();

    const other = await openPage(browser, program);
    await other.page.goto(`/sign-in?next=${encodeURIComponent("//evil.example/inbox")}`);
    await other.page.getByLabel("E-mail address").fill(OWNER);
    await other.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await other.page.getByRole("button", { name: "Sign in" }).click();
    await other.page.waitForURL("**/inbox");
    assert.equal(new URL(other.page.url()).host, new URL(program.address).host);
    await other.context.close();
  });

  it("accepts a one-time link once", async () => {
    const { link } = JSON.parse(await runProgram(["account", "link", "--email", OWNER, "--data", program.folder, "--listen", `127.0.0.1:${program.port}`, "--json"]));
    const first = await openPage(browser, program);
    await first.page.goto(link);
    await first.page.waitForURL("**/inbox");
    await rowOf(first.page, "Anna Keller").waitFor();
    assert.equal(new URL(first.page.url()).hash, "", "the token does not stay in the address");
    expectNothing(first.seen, [/status of 401/]);
    await first.context.close();

    const second = await openPage(browser, program);
    await second.page.goto(link);
    await second.page.getByText("This sign-in link does not work").waitFor();
    await second.page.goto("/inbox");
    await second.page.waitForURL("**/sign-in");
    await second.context.close();
  });

  it("shows a lost live connection and catches up on what was missed", async () => {
    const { page, context } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    await rowOf(page, "Anna Keller").waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await page.evaluate(() => (window.isSamePage = true));
    await program.stop();
    await page.getByText("Reconnecting", { exact: true }).waitFor();
    assert.ok(await rowOf(page, "Anna Keller").isVisible(), "what is there stays readable");
    await program.start();
    await program.post(secret, makeReply({ lead_email: "mira.missed@example.com", firstName: "Mira", lastName: "Missed" }));
    await rowOf(page, "Mira Missed").waitFor({ timeout: 20_000 });
    await page.getByText("Live", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => window.isSamePage), true, "no reload");
    await context.close();
    // The page of the first test was open as well: what it asked when the program was killed was refused or broke off.
    // That ends here: nothing of the kind may come after it.
    await early.page.getByText("Live", { exact: true }).waitFor();
    expectNothing(early.seen, [/status of 401/, /ERR_CONNECTION_(REFUSED|RESET)/, /WebSocket/]);
    early.seen.length = 0;
  });

  it("renews an expired access token without a word", async () => {
    const { page, seen, context, refreshes, token } = early;
    const isRefused = () => program.call("GET", "/api/v1/auth/me", token).then(() => false, () => true);
    await waitUntil("a token of this age is refused", isRefused, (TOKEN_LIFE_S + 10) * 1_000);
    const asked = refreshes.length;
    // The feed is read anew each time it is opened; lists that are still fresh would ask nothing.
    await page.getByRole("link", { name: "Feed" }).click();
    await page.getByText("Mira Missed replied").first().waitFor();
    assert.ok(refreshes.length >= asked && refreshes.length >= 2, `refreshed by itself: ${refreshes}`);
    assert.ok(refreshes.every((status) => status === 200), `every refresh succeeded: ${refreshes}`);
    assert.match(page.url(), /\/feed$/, "nobody was sent to sign in");
    expectNothing(seen, [/status of 401/]);
    await context.close();
  });
});
