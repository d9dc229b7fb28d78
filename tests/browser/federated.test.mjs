// Signing in at a real provider of OpenID Connect, with its own pages: there, back, and linking.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import Provider from "oidc-provider";
import { expectNothing, findAccessibilityProblems, openPage, RESULTS, startBrowser } from "./support/browser.mjs";
import { addAccount, Cleanup, makeOrganization, OWNER, PASSWORD } from "./support/program.mjs";

const COLLEAGUE = "colleague@example.org";
const LINDA = "linda@example.org";
/** What Linda is called at the provider. */
const PRIVATE_LINDA = "linda.private@home.example";
const CLIENT = { client_id: "salesbrain", client_secret: "a-secret-of-the-test-that-is-long-enough" };

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let browser;
let token;

/** The provider; whoever signs in there is called as they say, and their address is what they say. */
async function startProvider(redirectUri) {
  let answer = (_request, response) => response.end();
  const server = createServer((request, response) => answer(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const claims = (name) => ({ sub: `id-of-${name}`, email: name, email_verified: !name.startsWith("unverified"), name: "Somebody" });
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [redirectUri], grant_types: ["authorization_code"], response_types: ["code"] }],
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["only for this test"] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => claims(id) }),
    pkce: { required: () => true },
  });
  answer = provider.callback();
  return issuer;
}

before(async () => {
  ({ program } = await makeOrganization(cleanup, { settings: { SALESBRAIN_OUTGOING_ALLOWED: "127.0.0.0/8" } }));
  await addAccount(program, { email: COLLEAGUE, name: "Carl Colleague", role: "member" });
  await addAccount(program, { email: LINDA, name: "Linda Linked", role: "member" });
  browser = await startBrowser(cleanup);
  token = await program.signIn(OWNER);
  const issuer = await startProvider(`${program.address}/sign-in/callback/corp`);
  const body = { kind: "oidc", name: "Corp", issuer, ...CLIENT };
  const saved = await program.call("PUT", "/api/v1/admin/providers/corp", token, body);
  assert.equal(saved.data.callback_url, `${program.address}/sign-in/callback/corp`);
});

/** The provider's own pages: who one is, and that one agrees to what we ask for. */
async function passProvider(page, name) {
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("whatever");
  await page.locator("button[type=submit]").click();
  await page.locator("input[name=prompt][value=consent]").waitFor({ state: "attached" });
  await page.locator("button[type=submit]").click();
}

/** From our page over the provider's pages back to ours; the answer to what came back. */
async function visit(name, { start = {}, bearer } = {}) {
  const { page, context } = await openPage(browser, program);
  // What the interface does on this page is done here by hand.
  await context.route("**/sign-in/callback/**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>back</title>" }));
  await page.goto("/sign-in");
  const call = (path, body) =>
    page.evaluate(
      async ({ path, body, bearer }) => {
        const headers = { "Content-Type": "application/json", ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) };
        const response = await fetch(`/api/v1/auth/oauth/corp${path}`, { method: "POST", headers, body: JSON.stringify(body) });
        return { status: response.status, ...(await response.json()) };
      },
      { path, body, bearer },
    );
  const started = await call("/start", start);
  assert.equal(started.status, 200, JSON.stringify(started));
  await page.goto(started.data.url);
  await passProvider(page, name);
  await page.waitForURL(/\/sign-in\/callback\/corp\?/);
  const query = new URL(page.url()).searchParams;
  const back = { code: query.get("code"), state: query.get("state") };
  const answer = await call("", back);
  const again = await call("", back);
  assert.equal(again.status, 401, "what came back is for one use");
  const cookies = await context.cookies();
  await context.close();
  return { answer, cookies };
}

describe("federated sign-in", () => {
  it("is offered on the sign-in page", async () => {
    const { data } = await program.call("GET", "/api/v1/auth/providers");
    assert.deepEqual(data.providers, [{ id: "corp", kind: "oidc", name: "Corp" }]);
  });

  it("signs in the account with the address the provider verified", async () => {
    const { answer, cookies } = await visit(COLLEAGUE);
    assert.equal(answer.status, 200, JSON.stringify(answer));
    assert.equal(answer.data.account.email, COLLEAGUE);
    assert.ok(cookies.some((cookie) => cookie.name.endsWith("salesbrain_session") && cookie.httpOnly));
    const { data } = await program.call("GET", "/api/v1/auth/identities", answer.data.access_token);
    assert.deepEqual(data.map(({ provider, name }) => ({ provider, name })), [{ provider: "corp", name: COLLEAGUE }]);
  });

  it("signs nobody in whose address is not verified or unknown", async () => {
    for (const name of ["unverified@example.org", "stranger@example.org"]) {
      const { answer, cookies } = await visit(name);
      assert.equal(answer.status, 403, JSON.stringify(answer));
      assert.equal(answer.code, "registration_closed");
      assert.ok(!cookies.some((cookie) => cookie.name.endsWith("salesbrain_session")));
    }
  });

  it("links another identity to the account that is signed in, and it signs in from then on", async () => {
    const linked = await visit("private@home.example", { start: { is_link: true, password: PASSWORD }, bearer: token });
    assert.deepEqual(linked.answer.data, { linked: true });
    const { answer } = await visit("private@home.example");
    assert.equal(answer.status, 200, JSON.stringify(answer));
    assert.equal(answer.data.account.email, OWNER);
  });
});

describe("an identity at another service, in the interface", () => {
  const signInWithCorp = async () => {
    const { page, context, seen } = await openPage(browser, program);
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "Continue with Corp" }).click();
    await passProvider(page, PRIVATE_LINDA);
    return { page, context, seen };
  };

  it("is linked under Security, signs in, and no longer does once it is unlinked", async () => {
    const { page, context, seen } = await openPage(browser, program, { email: LINDA });
    await page.goto("/settings/security");
    const services = page.getByRole("region", { name: "Other services", exact: true });
    await services.getByText("None linked yet.").waitFor();
    await services.getByRole("button", { name: "Link Corp" }).click();
    await services.getByLabel("Your password, or a code from the app").fill(PASSWORD);
    await services.getByRole("button", { name: "Link Corp" }).click();
    await passProvider(page, PRIVATE_LINDA);
    await page.waitForURL("**/settings/security");
    await services.getByText(`Corp · ${PRIVATE_LINDA}`).waitFor();
    assert.equal(await services.getByRole("button", { name: "Link Corp" }).count(), 0, "a service is linked once");
    assert.equal(new URL(page.url()).search, "", "what the provider sent does not stay in the address");
    await page.screenshot({ path: `${RESULTS}identity_linked.png` });
    assert.deepEqual(await findAccessibilityProblems(page), []);

    const first = await signInWithCorp();
    await first.page.waitForURL((url) => url.pathname === "/inbox");
    await first.page.getByRole("button", { name: "Account: Linda Linked" }).or(first.page.getByText("Linda Linked")).first().waitFor();
    await first.context.close();

    await services.getByRole("button", { name: "Remove the link to Corp" }).click();
    await services.getByText("Your account at the other service stays.").waitFor();
    await services.getByLabel("Your password, or a code from the app").fill(PASSWORD);
    await services.getByRole("button", { name: "Remove link", exact: true }).click();
    await services.getByText("None linked yet.").waitFor();
    // The provider's own pages ask for a font and an icon.
    expectNothing(seen, [/WebSocket/, /ERR_NAME_NOT_RESOLVED/, /status of 404/]);
    await context.close();

    const second = await signInWithCorp();
    await second.page.getByRole("heading", { name: "Signing in this way did not work" }).waitFor();
    await second.page.getByRole("link", { name: "Back to sign in" }).waitFor();
    await second.context.close();
    const { data } = await program.call("GET", "/api/v1/admin/audit?action=identity.", token);
    assert.deepEqual(
      data.filter(({ entity_name }) => entity_name === PRIVATE_LINDA).map(({ action }) => action),
      ["identity.unlinked", "identity.linked"],
    );
  });
});
