// An account's life in the browser: signing up, confirming, the second factor, passkeys, keys and picture, sessions, a lost password.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Authenticator } from "./support/authenticator.mjs";
import { expectNothing, expectStillPage, findAccessibilityProblems, openPage, RESULTS, startBrowser } from "./support/browser.mjs";
import { addAccount, Cleanup, makeOrganization, ORGANIZATION, OWNER, PASSWORD, VIEWER, waitUntil } from "./support/program.mjs";

const NEWCOMER = "nora.newcomer@example.org";
const NEW_PASSWORD = "another sentence to remember";
/** What the server refuses on purpose in these tests. */
const REFUSALS = [/status of 40[0139]/];

const LOOKS = [
  { scheme: "light", width: 1440, height: 900 },
  { scheme: "dark", width: 1440, height: 900 },
  { scheme: "light", width: 390, height: 844 },
  { scheme: "dark", width: 390, height: 844 },
];

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let browser;
let staff;

/** The newest link of this kind that an administrator would pass on: no mail server is configured. */
async function findLink(kind, address) {
  const mail = await waitUntil(`a mail of kind ${kind} to ${address} is held`, async () => {
    const { data } = await program.call("GET", "/api/v1/admin/mails", staff);
    return data.filter((row) => row.kind === kind && row.address === address && row.link).toSorted((left, right) => right.created_at_ms - left.created_at_ms)[0];
  });
  const { pathname, hash } = new URL(mail.link);
  return pathname + hash;
}

/** Looks at what stands on the page in light and dark, on a desk and on a phone. */
async function inspect(page, name) {
  const size = page.viewportSize();
  const problems = [];
  for (const look of LOOKS) {
    await page.setViewportSize({ width: look.width, height: look.height });
    await page.emulateMedia({ colorScheme: look.scheme });
    await page.evaluate(() => document.fonts.ready);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    const what = `account_${name}-${look.width}-${look.scheme}`;
    await page.screenshot({ path: `${RESULTS}${what}.png` });
    problems.push(...(await findAccessibilityProblems(page)).map((problem) => `${what}: ${problem}`));
    await expectStillPage(page, what).catch((error) => problems.push(error.message));
  }
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: "light" });
  assert.deepEqual(problems, []);
}

async function signIn(page, email, password) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function signOut(page) {
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL((url) => url.pathname === "/sign-in");
}

const part = (page, name) => page.getByRole("region", { name, exact: true });
const inInbox = (page) => page.waitForURL((url) => url.pathname === "/inbox");

before(async () => {
  ({ program } = await makeOrganization(cleanup));
  staff = await program.signIn(OWNER);
  await program.call("PUT", "/api/v1/admin/settings", staff, { registration: "open" });
  browser = await startBrowser(cleanup);
});

describe("a newcomer", () => {
  let authenticator;
  let recoveryCodes;
  let page;
  let context;
  let seen;

  before(async () => {
    ({ page, context, seen } = await openPage(browser, program));
  });
  after(() => context.close());

  it("signs up, and the account exists once the address is confirmed", async () => {
    await page.goto("/sign-in");
    await page.getByRole("link", { name: "Create an account" }).waitFor();
    await inspect(page, "sign_in");
    await page.getByRole("link", { name: "Create an account" }).click();
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("The password needs at least 10 characters.").waitFor();
    await inspect(page, "register");
    await page.getByLabel("Name", { exact: true }).fill("Nora Newcomer");
    await page.getByLabel("E-mail address").fill(NEWCOMER);
    await page.getByLabel("Password", { exact: true }).fill("password1234");
    await page.getByLabel("Name of your organization").fill("Newcomer GmbH");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("The server refused this").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    await page.getByText("This server sends no mail yet").waitFor();
    await inspect(page, "mail");

    await signIn(page, NEWCOMER, PASSWORD);
    await page.getByText("E-mail address or password is not right").waitFor();

    const link = await findLink("registration", NEWCOMER);
    await page.goto(link);
    await inInbox(page);
    await page.getByText("Newcomer GmbH").waitFor();
    assert.equal(new URL(page.url()).hash, "", "the token does not stay in the address");

    const other = await openPage(browser, program);
    await other.page.goto(link);
    await other.page.getByText("This link does not confirm an address").waitFor();
    await inspect(other.page, "verify_used");
    await other.context.close();
  });

  it("switches the second factor on and signs in with it", async () => {
    await page.goto("/settings/security");
    await part(page, "Sessions").getByText("This session").waitFor();
    await inspect(page, "security");
    const factor = part(page, "Second factor");
    await factor.getByRole("button", { name: "Set up authenticator app" }).click();
    await factor.getByLabel("Your password").fill("not the right one");
    await factor.getByRole("button", { name: "Continue" }).click();
    await factor.getByText("This is not your password, and not a valid code.").waitFor();
    await factor.getByLabel("Your password").fill(PASSWORD);
    await factor.getByRole("button", { name: "Continue" }).click();
    const picture = factor.getByRole("img");
    await picture.waitFor();
    await waitUntil("the picture is drawn", () => picture.evaluate((image) => image.complete && image.naturalWidth > 0));
    await inspect(page, "security_enrol");
    authenticator = new Authenticator(await factor.locator("code").first().textContent());
    await factor.getByLabel("The six digits").fill(authenticator.wrongCode());
    await factor.getByText("This code is not right").first().waitFor();
    await factor.getByLabel("The six digits").fill(authenticator.code());
    await factor.getByText("Each of these codes signs you in once").waitFor();
    recoveryCodes = await factor.locator("li code").allTextContents();
    assert.equal(new Set(recoveryCodes).size, 10);
    await inspect(page, "security_codes");
    await factor.getByRole("button", { name: "I have kept them" }).click();
    await factor.getByText("10 recovery codes are left.").waitFor();

    await signOut(page);
    await signIn(page, NEWCOMER, PASSWORD);
    const field = page.getByLabel("Code from the app");
    await field.waitFor();
    await inspect(page, "second_step");
    await field.fill(authenticator.wrongCode());
    await page.getByText("This code is not right").first().waitFor();
    const code = authenticator.code();
    // Typed with a space, as apps show it; nothing has to be pressed.
    await field.fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await inInbox(page);
  });

  it("gets in with a recovery code, once", async () => {
    await signOut(page);
    await signIn(page, NEWCOMER, PASSWORD);
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill(recoveryCodes[0]);
    await page.getByRole("button", { name: "Confirm" }).click();
    await inInbox(page);
    await page.goto("/settings/security");
    await page.getByText("9 recovery codes are left.").waitFor();

    await signOut(page);
    await signIn(page, NEWCOMER, PASSWORD);
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await page.getByLabel("Recovery code").fill(recoveryCodes[0]);
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("or it has been used already").first().waitFor();
    await page.getByLabel("Recovery code").fill(recoveryCodes[1]);
    await page.getByRole("button", { name: "Confirm" }).click();
    await inInbox(page);
  });

  it("signs out everywhere else", async () => {
    const other = await openPage(browser, program);
    await signIn(other.page, NEWCOMER, PASSWORD);
    await other.page.getByRole("button", { name: "Use a recovery code" }).click();
    await other.page.getByLabel("Recovery code").fill(recoveryCodes[2]);
    await other.page.getByRole("button", { name: "Confirm" }).click();
    await inInbox(other.page);

    await page.goto("/settings/security");
    const sessions = part(page, "Sessions");
    await sessions.getByRole("button", { name: "End all other sessions" }).click();
    await sessions.getByText("Every device except this one").waitFor();
    await inspect(page, "security_end_others");
    await sessions.getByRole("button", { name: "End all other sessions" }).click();
    await sessions.getByText("You are signed in here only.").waitFor();
    assert.equal(await sessions.getByRole("listitem").count(), 1);

    await other.page.goto("/inbox");
    await other.page.waitForURL((url) => url.pathname === "/sign-in");
    await other.context.close();
    await page.goto("/inbox");
    await page.getByRole("button", { name: /^Account/ }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/inbox", "this session goes on");
  });

  it("resets a forgotten password; the second factor stays", async () => {
    const lost = await openPage(browser, program);
    await lost.page.goto("/sign-in");
    await lost.page.getByRole("link", { name: "Forgot your password?" }).click();
    await lost.page.getByRole("heading", { name: "Reset your password" }).waitFor();
    await lost.page.getByLabel("E-mail address").fill(NEWCOMER);
    await inspect(lost.page, "forgot");
    await lost.page.getByRole("button", { name: "Send link" }).click();
    await lost.page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    const link = await findLink("password_reset", NEWCOMER);
    await lost.page.goto(link);
    await lost.page.getByLabel("New password").fill("too short");
    await lost.page.getByRole("button", { name: "Change password" }).click();
    await lost.page.getByText("The password needs at least 10 characters.").waitFor();
    await inspect(lost.page, "reset");
    await lost.page.getByLabel("New password").fill(NEW_PASSWORD);
    await lost.page.getByRole("button", { name: "Change password" }).click();
    await lost.page.getByRole("heading", { name: "Your password is changed" }).waitFor();
    await inspect(lost.page, "reset_done");

    await page.goto("/inbox");
    await page.waitForURL((url) => url.pathname === "/sign-in");
    await signIn(lost.page, NEWCOMER, PASSWORD);
    await lost.page.getByText("E-mail address or password is not right").waitFor();
    await signIn(lost.page, NEWCOMER, NEW_PASSWORD);
    await lost.page.getByLabel("Code from the app").fill(authenticator.code());
    await inInbox(lost.page);
    await lost.page.goto(link);
    await lost.page.getByLabel("New password").fill(NEW_PASSWORD);
    await lost.page.getByRole("button", { name: "Change password" }).click();
    await lost.page.getByRole("heading", { name: "This link does not work" }).waitFor();
    expectNothing([...seen, ...lost.seen], [...REFUSALS, /WebSocket/]);
    await lost.context.close();
  });
});

describe("an account's settings", () => {
  it("keep the keys a person has chosen, and say when two would be the same", async () => {
    const { page, context, seen } = await openPage(browser, program, { email: OWNER });
    await page.goto("/settings/profile");
    await page.getByRole("button", { name: "Change the key of “Feed”" }).click();
    await page.keyboard.press("j");
    await page.getByText("“Next conversation” uses this key already").waitFor();
    await inspect(page, "keys_conflict");
    await page.getByRole("button", { name: "Press another key" }).click();
    await page.keyboard.press("v");
    await page.getByRole("button", { name: "Reset the key of “Feed”" }).waitFor();
    await page.getByRole("button", { name: "Switch off the key of “Campaigns”" }).click();
    await page.getByRole("button", { name: "Reset the key of “Campaigns”" }).waitFor();

    await page.goto("/inbox");
    await page.getByRole("button", { name: /^Account/ }).waitFor();
    await page.keyboard.press("v");
    await page.waitForURL("**/feed");
    await page.keyboard.press("?");
    const help = page.locator("dialog");
    await help.locator("div", { hasText: /^FeedV$/ }).waitFor();
    await help.locator("div", { hasText: /^CampaignsNo key$/ }).waitFor();
    await page.keyboard.press("Escape");

    await page.goto("/settings/profile");
    await page.getByRole("button", { name: "Reset all keys" }).click();
    await page.getByText("All keys are as delivered.").waitFor();
    // The view says so at once; the server is a moment behind.
    await waitUntil("the server has forgotten the keys", async () => {
      const { data } = await program.call("GET", "/api/v1/auth/me", staff);
      return Object.keys(data.account.shortcuts).length === 0;
    });
    expectNothing(seen);
    await context.close();
  });

  it("change the address one signs in with, once the link sent there is opened", async () => {
    const [before, after] = ["emma.earlier@example.org", "emma.later@example.org"];
    await addAccount(program, { email: before, name: "Emma Earlier", role: "member" });
    const { page, context, seen } = await openPage(browser, program, { email: before });
    await page.goto("/settings/security");
    const email = part(page, "E-mail address");
    await email.getByRole("button", { name: "Change address" }).click();
    await email.getByLabel("New e-mail address").fill("no address");
    await email.getByRole("button", { name: "Send link" }).click();
    await email.getByText("This is not an e-mail address.").waitFor();
    await email.getByLabel("New e-mail address").fill(after);
    await email.getByLabel("Your password").fill("not the right one");
    await email.getByRole("button", { name: "Send link" }).click();
    await email.getByText("This is not your password.").waitFor();
    await inspect(page, "email_change");
    await email.getByLabel("Your password").fill(PASSWORD);
    await email.getByRole("button", { name: "Send link" }).click();
    await email.getByText(`A link for ${after} is ready, but this server sends no mail yet`).waitFor();
    await email.getByText(`You sign in with ${before}.`).waitFor();

    // Passed on by the administrator, and opened where nobody is signed in.
    const link = await findLink("email_change", after);
    const other = await openPage(browser, program);
    await other.page.goto(link);
    await inInbox(other.page);
    assert.equal(new URL(other.page.url()).hash, "", "the token does not stay in the address");
    await other.page.goto("/settings/security");
    await part(other.page, "E-mail address").getByText(`You sign in with ${after}.`).waitFor();
    await other.page.goto(link);
    await other.page.getByRole("heading", { name: "This link does not confirm an address" }).waitFor();
    await other.context.close();

    const again = await openPage(browser, program);
    await signIn(again.page, before, PASSWORD);
    await again.page.getByText("E-mail address or password is not right").waitFor();
    await signIn(again.page, after, PASSWORD);
    await inInbox(again.page);
    await again.context.close();
    expectNothing(seen, [...REFUSALS, /WebSocket/]);
    await context.close();
  });

  it("show a picture once it is uploaded, and letters once it is removed", async () => {
    const { page, context, seen } = await openPage(browser, program, { email: OWNER });
    await page.goto("/settings/profile");
    const picture = part(page, "Picture");
    await picture.getByRole("button", { name: "Choose picture" }).waitFor();
    const image = await page.screenshot({ clip: { x: 0, y: 0, width: 300, height: 200 } });
    const choose = (file) => picture.locator("input[type=file]").setInputFiles(file);
    await choose({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("this is no picture") });
    await picture.getByText("could not be read as an image").waitFor();
    await choose({ name: "me.png", mimeType: "image/png", buffer: image });
    await picture.getByText("This is how it will look.").waitFor();
    await inspect(page, "picture");
    await picture.getByRole("button", { name: "Use this picture" }).click();
    await picture.getByRole("button", { name: "Remove picture" }).waitFor();
    const shown = page.getByRole("button", { name: /^Account/ }).locator("img");
    await waitUntil("the picture is in the sidebar", () => shown.evaluate((element) => element.complete && element.naturalWidth === 256).catch(() => false));
    await picture.getByRole("button", { name: "Remove picture" }).click();
    await picture.getByRole("button", { name: "Choose picture" }).waitFor();
    assert.equal(await shown.count(), 0);
    expectNothing(seen);
    await context.close();
  });

  it("add a passkey that signs in by itself", async () => {
    // A passkey is bound to a name; the address of this machine is none.
    const { page, context, seen } = await openPage(browser, program, { baseURL: `http://localhost:${program.port}` });
    const devices = await context.newCDPSession(page);
    await devices.send("WebAuthn.enable");
    await devices.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await signIn(page, OWNER, PASSWORD);
    await inInbox(page);
    await page.goto("/settings/security");
    const passkeys = part(page, "Passkeys");
    await passkeys.getByRole("button", { name: "Add passkey" }).click();
    await passkeys.getByLabel("Name of the passkey").fill("Desk");
    await passkeys.getByLabel("Your password, or a code from the app").fill(PASSWORD);
    await passkeys.getByRole("button", { name: "Make passkey" }).click();
    await passkeys.getByRole("button", { name: "Rename passkey “Desk”" }).click();
    await passkeys.getByLabel("Name of the passkey").fill("Desk upstairs");
    await passkeys.getByRole("button", { name: "Save" }).click();
    await passkeys.getByText("Desk upstairs").waitFor();

    // The device takes the browser's standing offer at once, as a person does who picks the passkey in the address field.
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL((url) => url.pathname === "/sign-in");
    await inInbox(page);
    // A browser without that offer has the button.
    await context.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
    await page.goto("/inbox");
    await signOut(page);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await inInbox(page);

    await page.goto("/settings/security");
    await passkeys.getByText("Desk upstairs").waitFor();
    // Not earlier: the session that looks for problems takes the virtual device along when it ends.
    await inspect(page, "passkeys");
    await passkeys.getByRole("button", { name: "Remove passkey “Desk upstairs”" }).click();
    await passkeys.getByText("Signing in with this passkey stops working.").waitFor();
    await inspect(page, "passkey_remove");
    await passkeys.getByRole("button", { name: "Remove passkey", exact: true }).click();
    await passkeys.getByText("This needs your password, or a code from the app.").waitFor();
    await passkeys.getByLabel("Your password, or a code from the app").fill(PASSWORD);
    await passkeys.getByRole("button", { name: "Remove passkey", exact: true }).click();
    await passkeys.getByText("No passkey yet.").waitFor();
    expectNothing(seen, [...REFUSALS, /WebSocket/]);
    await context.close();
  });
});

describe("an organization", () => {
  let id;

  before(async () => {
    id = (await program.call("GET", "/api/v1/auth/me", staff)).data.organization.id;
    await addAccount(program, { email: VIEWER, name: "Victor Viewer", role: "viewer" });
  });

  const invite = async (email) => {
    const { data } = await program.call("POST", `/api/v1/organizations/${id}/invitations`, staff, { ...(email ? { email } : {}), role: "member" });
    const { pathname, hash } = new URL(data.link);
    return pathname + hash;
  };

  it("is joined by invitation: with a new account, and not by the wrong one", async () => {
    // The link of the mail proves the address; the one its sender sees does not.
    await invite("ines.invited@example.org");
    const link = await findLink("invitation", "ines.invited@example.org");
    const wrong = await openPage(browser, program, { email: VIEWER });
    await wrong.page.goto(link);
    await wrong.page.getByText(`You are signed in as ${VIEWER}`).waitFor();
    await inspect(wrong.page, "invitation_other");
    await wrong.page.getByRole("button", { name: "Sign out and change account" }).waitFor();
    assert.equal(await wrong.page.getByRole("button", { name: "Accept invitation" }).count(), 0);
    await wrong.context.close();

    const { page, context, seen } = await openPage(browser, program);
    await page.goto(link);
    await page.getByRole("heading", { name: `Invitation to ${ORGANIZATION}` }).waitFor();
    assert.equal(new URL(page.url()).hash, "", "the token does not stay in the address");
    await inspect(page, "invitation");
    await page.getByRole("link", { name: "Create an account and accept" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Ines Invited");
    assert.equal(await page.getByLabel("E-mail address").inputValue(), "ines.invited@example.org");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await inInbox(page);
    await page.getByText(ORGANIZATION).waitFor();
    expectNothing(seen, [...REFUSALS, /WebSocket/]);
    await context.close();
  });

  it("is left behind by an account without one, which can join by link", async () => {
    const email = "otto.outside@example.org";
    await program.call("POST", "/api/v1/auth/register", null, { email, password: PASSWORD, name: "Otto Outside" });
    const { page, context, seen } = await openPage(browser, program);
    await page.goto(await findLink("registration", email));
    await page.waitForURL((url) => url.pathname === "/no-organization");
    await page.getByRole("heading", { name: "Make an organization" }).waitFor();
    await inspect(page, "no_organization");
    await page.goto("/campaigns");
    await page.waitForURL((url) => url.pathname === "/no-organization");
    await page.getByRole("link", { name: "Profile and security" }).click();
    await page.getByLabel("Name", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.waitForURL((url) => url.pathname === "/no-organization");
    await page.getByRole("link", { name: "Your organizations" }).click();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await page.getByRole("heading", { name: "Make an organization" }).waitFor();
    await page.goto("/inbox");
    await page.waitForURL((url) => url.pathname === "/no-organization");

    const link = await invite(null);
    await page.getByLabel("Link of the invitation").fill(new URL(link, program.address).href);
    await page.getByRole("button", { name: "Open invitation" }).click();
    await page.getByRole("button", { name: "Accept invitation" }).click();
    await inInbox(page);
    await page.getByText(ORGANIZATION).waitFor();
    expectNothing(seen, [...REFUSALS, /WebSocket/]);
    await context.close();
  });

  it("closes everything to those who lack the second factor it asks for", async () => {
    const { page, context, seen } = await openPage(browser, program, { email: VIEWER });
    await page.goto("/campaigns");
    await page.getByRole("heading", { name: "Campaigns", exact: true }).waitFor();
    // Whoever makes the rule keeps it: the owner sets a second factor up first.
    const { data } = await program.call("POST", "/api/v1/auth/totp", staff, { password: PASSWORD });
    await program.call("POST", "/api/v1/auth/totp/verify", staff, { code: new Authenticator(data.secret).code() });
    await program.call("PATCH", `/api/v1/organizations/${id}`, staff, { is_second_factor_required: true });
    await page.goto("/campaigns");
    await page.getByRole("heading", { name: "Your organization asks for a second factor" }).waitFor();
    await inspect(page, "second_step_missing");
    await page.getByRole("link", { name: "Set up now" }).click();
    const factor = part(page, "Second factor");
    await factor.getByText("Set one up to go on working").waitFor();
    await factor.getByRole("button", { name: "Set up authenticator app" }).click();
    await factor.getByLabel("Your password").fill(PASSWORD);
    await factor.getByRole("button", { name: "Continue" }).click();
    const secret = await factor.locator("code").first().textContent();
    await factor.getByLabel("The six digits").fill(new Authenticator(secret).code());
    await factor.getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("link", { name: "Campaigns" }).click();
    await page.getByRole("heading", { name: "Campaigns", exact: true }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/campaigns");
    expectNothing(seen, [...REFUSALS, /WebSocket/]);
    await context.close();
  });
});
