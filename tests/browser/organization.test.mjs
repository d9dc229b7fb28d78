// Organizations as people meet them: an invitation that is accepted in another browser, a role that counts at once, switching, being
// removed, keys, the audit log, and staff who come to visit. Every view is inspected in light and dark, wide and on a phone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { expectNothing, expectStillPage, findAccessibilityProblems, openPage, RESULTS, rowOf, startBrowser } from "./support/browser.mjs";
import { addAccount, Cleanup, makeOrganization, makeReply, ORGANIZATION, OWNER, PASSWORD, waitUntil } from "./support/program.mjs";

const CUSTOMER = "Zweite Firma AG";
const MAX = "max.muster@example.org";
const GERMAN = "gerda.german@example.org";

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let browser;
let owner;
let max;

before(async () => {
  const made = await makeOrganization(cleanup);
  program = made.program;
  await addAccount(program, { email: MAX, name: "Max Muster", role: "owner", organization: CUSTOMER });
  await addAccount(program, { email: GERMAN, name: "Gerda German", role: "owner", language: "de" });
  await program.post(made.secret, makeReply());
  browser = await startBrowser(cleanup);
  owner = await openPage(browser, program, { email: OWNER });
});

const switcher = (page, name) => page.getByRole("button", { name: `Organization: ${name}` });
const memberRow = (page, name) => page.getByRole("group", { name: "Members", exact: true }).getByRole("row").filter({ hasText: name });

/** The reader comes back to the window, which is when it asks who this is now. */
const comeBack = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));

async function choose(page, combobox, option) {
  await page.getByRole("combobox", { name: combobox, exact: true }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

describe("an organization", () => {
  it("is joined through a link in another browser", async () => {
    const { page } = owner;
    await page.goto("/settings/members");
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByText("By link", { exact: true }).click();
    await choose(page, "Role", "Viewer");
    await page.getByRole("button", { name: "Make link" }).click();
    const link = await page.locator("code", { hasText: "#" }).innerText();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("Whoever has the link").first().waitFor();

    max = await openPage(browser, program, { email: MAX });
    await max.page.goto(new URL(link).pathname + new URL(link).hash);
    await max.page.getByRole("button", { name: "Accept invitation" }).click();
    await max.page.waitForURL("**/inbox");
    await switcher(max.page, ORGANIZATION).waitFor();
    await rowOf(max.page, "Anna Keller").waitFor();
    await page.reload();
    await memberRow(page, "Max Muster").waitFor();
    assert.equal(await page.getByText("Whoever has the link").count(), 0, "an accepted invitation is no longer open");
  });

  it("lets a changed role count at once", async () => {
    await max.page.locator("[data-conversation]").first().click();
    const archive = max.page.locator("main article").first();
    await archive.waitFor();
    const button = max.page.getByRole("button", { name: "Archive", exact: true }).last();
    await button.waitFor();
    assert.equal(await button.getAttribute("aria-disabled"), "true", "a viewer changes nothing");
    await choose(owner.page, "Role of Max Muster", "Member");
    await waitUntil("the role is stored", async () => {
      const token = await program.signIn(MAX);
      const { data } = await program.call("GET", "/api/v1/organizations", token);
      return data.find(({ name }) => name === ORGANIZATION).role === "member";
    });
    await comeBack(max.page);
    await waitUntil("the button works", async () => (await button.getAttribute("aria-disabled")) === null);
  });

  it("is left for another one, and nothing of it stays on screen", async () => {
    const { page } = max;
    await switcher(page, ORGANIZATION).click();
    await page.getByRole("menuitem", { name: CUSTOMER }).click();
    await switcher(page, CUSTOMER).waitFor();
    await page.waitForURL("**/inbox");
    await page.getByRole("button", { name: "Open connections" }).or(page.getByRole("link", { name: "Open connections" })).first().waitFor();
    assert.equal(await page.getByText("Anna Keller").count(), 0, "the other organization's conversations are gone");
    await page.getByText("Live", { exact: true }).waitFor();

    await page.keyboard.press("Control+k");
    await page.locator("dialog[open] input").fill("muster vertrieb");
    await page.getByRole("option", { name: `Switch to ${ORGANIZATION}` }).waitFor();
    await page.keyboard.press("Enter");
    await switcher(page, ORGANIZATION).waitFor();
    await rowOf(page, "Anna Keller").waitFor();
  });

  it("takes its other tabs along", async () => {
    const second = await max.context.newPage();
    await second.goto("/campaigns");
    await switcher(second, ORGANIZATION).waitFor();
    await switcher(max.page, ORGANIZATION).click();
    await max.page.getByRole("menuitem", { name: CUSTOMER }).click();
    await switcher(second, CUSTOMER).waitFor();
    await switcher(max.page, CUSTOMER).click();
    await max.page.getByRole("menuitem", { name: ORGANIZATION }).click();
    await switcher(second, ORGANIZATION).waitFor();
    await second.close();
  });

  it("has roles of its own, which say what their members see", async () => {
    const { page } = owner;
    await page.goto("/settings/roles");
    await page.getByRole("button", { name: "New role" }).click();
    await page.getByLabel("Name of the role").fill("Call centre");
    await page.getByLabel("See campaigns and mailboxes").uncheck();
    await page.getByRole("button", { name: "Create role" }).click();
    await page.getByRole("heading", { name: "Call centre" }).waitFor();
    await page.goto("/settings/members");
    await choose(page, "Role of Max Muster", "Call centre");
    await page.goto("/settings/roles");
    const role = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Call centre" }) });
    await role.getByText(/^1 member ·/).waitFor();
    assert.equal(await role.getByRole("button", { name: "Delete" }).getAttribute("aria-disabled"), "true", "a role in use stays");

    await comeBack(max.page);
    await waitUntil("the view is gone", async () => (await max.page.getByRole("link", { name: "Campaigns" }).count()) === 0);
    await max.page.goto("/campaigns");
    await max.page.getByText(`Your role in ${ORGANIZATION} does not include this view.`).waitFor();
  });

  it("loses a member at once", async () => {
    await max.page.goto("/inbox");
    await rowOf(max.page, "Anna Keller").waitFor();
    await owner.page.goto("/settings/members");
    await memberRow(owner.page, "Max Muster").getByRole("button", { name: "Remove" }).click();
    await owner.page.getByRole("button", { name: "Remove member" }).click();
    await waitUntil("the row is gone", async () => (await memberRow(owner.page, "Max Muster").count()) === 0);
    await comeBack(max.page);
    await max.page.waitForURL((url) => url.pathname === "/no-organization");
    assert.equal(await max.page.getByText("Anna Keller").count(), 0);
    await max.page.goto("/organizations");
    await max.page.getByRole("heading", { name: CUSTOMER }).waitFor();
    assert.equal(await max.page.getByRole("heading", { name: ORGANIZATION }).count(), 0);
    await max.page.getByRole("button", { name: "Go there" }).click();
    await switcher(max.page, CUSTOMER).waitFor();
  });

  it("keeps its last owner and says why", async () => {
    await max.page.goto("/settings/organization");
    const leave = max.page.getByRole("button", { name: "Leave", exact: true });
    await waitUntil("the reason is known", async () => (await leave.getAttribute("aria-disabled")) === "true");
    await max.page.getByRole("button", { name: "Delete", exact: true }).click();
    await max.page.getByRole("textbox", { name: /Type the name/ }).fill("something else");
    await max.page.keyboard.press("Enter");
    await max.page.getByText("This is not the name of the organization.").waitFor();
    await max.page.keyboard.press("Escape");
    await waitUntil("the question is gone", async () => (await max.page.getByText("This is not the name").count()) === 0);
  });

  it("gives programs a key that does what it may and nothing else", async () => {
    const { page } = owner;
    await page.goto("/settings/api-keys");
    await page.getByRole("button", { name: "New API key" }).click();
    const form = page.getByRole("form", { name: "New API key" });
    await form.getByRole("textbox", { name: "Name", exact: true }).fill("Nightly report");
    await form.getByLabel("Read conversations").check();
    const proof = "Your password, or a code from the app";
    await form.getByLabel(proof).fill("not the password");
    await form.getByRole("button", { name: "Create key" }).click();
    await form.getByText("This is not your password, and not a valid code.").waitFor();
    await form.getByLabel(proof).fill(PASSWORD);
    await form.getByRole("button", { name: "Create key" }).click();
    await page.getByRole("button", { name: "Show: Key" }).click();
    const key = await page.locator("code").first().innerText();
    const ask = (path) => fetch(`${program.address}${path}`, { headers: { Authorization: `Bearer ${key}` } }).then(({ status }) => status);
    assert.equal(await ask("/api/v1/conversations"), 200);
    assert.equal(await ask("/api/v1/campaigns"), 403);
    await page.getByRole("button", { name: "I have stored it" }).click();
    assert.equal(await page.getByText(key).count(), 0, "the key is shown once");
    const row = page.getByRole("row").filter({ hasText: "Nightly report" });
    await row.getByRole("button", { name: "Renew" }).click();
    await page.getByLabel(proof).fill(PASSWORD);
    await page.getByRole("button", { name: "Make new key" }).click();
    await page.getByText("The new key of “Nightly report” is ready.").waitFor();
    assert.equal(await ask("/api/v1/conversations"), 200, "the old key still works");
    await page.getByRole("button", { name: "I have stored it" }).click();
    await row.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("button", { name: "Revoke key" }).click();
    await row.getByText(/^Revoked on/).waitFor();
    assert.equal(await ask("/api/v1/conversations"), 401);
  });

  it("writes all of that down, for reading and as a file", async () => {
    const { page } = owner;
    await page.goto("/settings/audit");
    const entry = (text) => page.getByRole("region", { name: "Entries of the audit log" }).getByRole("button").filter({ hasText: text });
    for (const text of ["API key: revoked", "API key: created", "Member: removed", "Role: created", "Member: role changed"]) await entry(text).first().waitFor();
    await entry("Member: role changed").last().click();
    await page.getByRole("columnheader", { name: "After" }).waitFor();
    await page.getByRole("cell", { name: "Viewer", exact: true }).waitFor();
    await page.getByRole("cell", { name: "Member", exact: true }).waitFor();
    await choose(page, "Action", "API key");
    await waitUntil("only keys are listed", async () => (await entry("Member:").count()) === 0 && (await entry("API key: created").count()) === 1);
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: /CSV/ }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
    assert.ok(lines.length >= 4, `a head and at least three rows: ${lines.length}`);
    assert.ok(lines.slice(1).every((line) => line.includes("api_key.")), "the filter holds for the file too");
  });

  it("is entered by staff, who are told so, and whose visit stands in its own log", async () => {
    const { page } = owner;
    await page.goto("/admin");
    await page.getByRole("searchbox").fill("zweite");
    const row = page.getByRole("row").filter({ hasText: CUSTOMER });
    await row.getByRole("button", { name: "Enter" }).click();
    await page.getByRole("button", { name: "Enter organization" }).click();
    await page.getByText("You are in this organization as staff").waitFor();
    await switcher(page, CUSTOMER).waitFor();
    await page.screenshot({ path: `${RESULTS}guest.png` });
    assert.deepEqual(await findAccessibilityProblems(page), []);
    await page.getByRole("button", { name: "Back to the administration" }).click();
    await page.waitForURL("**/admin/organizations");
    await switcher(page, CUSTOMER).click();
    await page.getByRole("menuitem", { name: ORGANIZATION }).click();
    await switcher(page, ORGANIZATION).waitFor();

    await max.page.goto("/settings/audit");
    const entry = max.page.getByRole("region", { name: "Entries of the audit log" }).getByRole("button").filter({ hasText: "Staff:" }).filter({ hasText: OWNER });
    await entry.first().waitFor();
  });

  it("is deleted at once by an administrator of the appliance who types its name", async () => {
    const { page } = owner;
    const name = "Kurzlebig GmbH";
    const token = await program.signIn(OWNER);
    const made = await program.call("POST", "/api/v1/organizations", token, { name });
    const row = page.getByRole("row").filter({ hasText: name });
    await page.goto("/admin/organizations");
    await row.first().getByRole("button", { name: "Details" }).click();
    await page.getByRole("button", { name: "Delete organization" }).click();
    await page.getByText("For 14 days this can be taken back").waitFor();
    await page.getByText("At once", { exact: true }).click();
    await page.getByText("Nobody can take this back").waitFor();
    const typed = page.getByRole("textbox", { name: `Type the name to confirm: ${name}` });
    await typed.fill("Kurzlebig");
    await page.getByRole("button", { name: "Delete at once", exact: true }).click();
    await page.getByText("This is not the name of the organization.").waitFor();
    await page.screenshot({ path: `${RESULTS}organization_delete_now.png` });
    assert.deepEqual(await findAccessibilityProblems(page), []);
    await typed.fill(name);
    await page.getByRole("button", { name: "Delete at once", exact: true }).click();
    await waitUntil("the organization is gone", async () => {
      const { data } = await program.call("GET", `/api/v1/admin/organizations?q=${encodeURIComponent(name)}`, token);
      return data.length === 0;
    });
    await page.reload();
    await page.getByRole("row").filter({ hasText: ORGANIZATION }).first().waitFor();
    assert.equal(await row.count(), 0);
    await page.goto("/admin/audit");
    const entries = page.getByRole("region", { name: "Entries of the audit log" }).getByRole("button");
    await entries.filter({ hasText: "Organization: removed" }).filter({ hasText: name }).waitFor();
    await entries.filter({ hasText: "Organization: deleted" }).filter({ hasText: name }).click();
    await page.getByRole("rowheader", { name: "Forced" }).waitFor();
    const { data } = await program.call("GET", "/api/v1/organizations", token);
    assert.ok(!data.some(({ id }) => id === made.data.id), "its owner has it no more");
  });

  it("was quiet on the console", () => {
    // What a removed member asks for is refused, and the browser says so.
    // A wrong password is refused, and the browser says so.
    expectNothing(owner.seen, [/status of 400/]);
    expectNothing(max.seen, [/status of 40[134]/, /WebSocket/]);
  });
});

const LOOKS = [
  { scheme: "light", width: 1440, height: 900, email: OWNER },
  { scheme: "dark", width: 390, height: 844, email: OWNER },
];

describe("the forms and questions of its views and of the administration", () => {
  before(async () => {
    const token = await program.signIn(OWNER);
    const { data } = await program.call("GET", "/api/v1/admin/accounts?q=gerda", token);
    await program.call("PATCH", `/api/v1/admin/accounts/${data[0].id}`, token, { staff_role: "sb_admin" });
  });

  it("are sound", async () => {
    const problems = [];
    const steps = [
      ["/settings/members", "Invite"],
      ["/settings/roles", "New role"],
      ["/settings/api-keys", "New API key"],
      ["/settings/organization", "Delete"],
      ["/admin/organizations", "Details"],
      ["/admin/settings", "Set up"],
    ];
    for (const look of LOOKS) {
      const { page, context } = await openPage(browser, program, look);
      for (const [path, button] of steps) {
        await page.goto(path);
        await page.getByRole("button", { name: button, exact: true }).first().click();
        await page.waitForLoadState("networkidle");
        const name = `${path.slice(1).replaceAll("/", "_")}_open-${look.width}-${look.scheme}`;
        await page.screenshot({ path: `${RESULTS}${name}.png` });
        for (const problem of await findAccessibilityProblems(page)) problems.push(`${name}: ${problem}`);
      }
      await context.close();
    }
    assert.deepEqual(problems, []);
  });

  it("show an operator what operating needs, and say what is missing", async () => {
    const token = await program.signIn(OWNER);
    const { data } = await program.call("GET", "/api/v1/admin/accounts?q=max", token);
    await program.call("PATCH", `/api/v1/admin/accounts/${data[0].id}`, token, { staff_role: "sb_operator" });
    const { page, context } = await openPage(browser, program, { email: MAX });
    await page.goto("/admin");
    const sections = page.getByRole("navigation", { name: "Sections of the administration" });
    await sections.getByRole("link", { name: "Organizations" }).waitFor();
    assert.equal(await sections.getByRole("link", { name: "Accounts" }).count(), 0);
    await page.goto("/admin/accounts");
    await page.getByText("This section is for administrators of the appliance.").waitFor();
    await page.goto("/admin");
    await page.getByRole("row").filter({ hasText: ORGANIZATION }).getByRole("button", { name: "Enter" }).click();
    await page.getByRole("button", { name: "Enter organization" }).click();
    await page.waitForURL("**/campaigns");
    await switcher(page, ORGANIZATION).waitFor();
    assert.equal(await page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name: "Inbox" }).count(), 0, "no message for an operator");
    await context.close();
  });
});
