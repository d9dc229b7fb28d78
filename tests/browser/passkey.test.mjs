// Passkeys with the browser's own authenticator: added, alone, as second factor, copied, on a foreign page, and taken away.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { openPage, startBrowser } from "./support/browser.mjs";
import { Cleanup, makeOrganization, OWNER, PASSWORD } from "./support/program.mjs";

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let address;
let page;
let devices;
let authenticatorId;
let token;

before(async () => {
  ({ program } = await makeOrganization(cleanup));
  // Keys are bound to a name; an address is none.
  address = program.address.replace("127.0.0.1", "localhost");
  const browser = await startBrowser(cleanup);
  ({ page } = await openPage(browser, program, { baseURL: address }));
  await page.goto(`${address}/sign-in`);
  devices = await page.context().newCDPSession(page);
  await devices.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal",
    hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  };
  ({ authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", { options }));
  token = await program.signIn(OWNER);
});

/** A call from the page of the program, as the interface makes it. */
async function call(method, path, body, bearer) {
  const request = { method, path, body, bearer };
  return page.evaluate(async ({ method, path, body, bearer }) => {
    const headers = { "Content-Type": "application/json", ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) };
    const response = await fetch(`/api/v1/auth/${path}`, { method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, ...(await response.json()) };
  }, request);
}

/** What the authenticator answers to the options of a ceremony. */
async function create(options, where = page) {
  return where.evaluate(async (publicKey) => {
    const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
    return credential.toJSON();
  }, options.publicKey);
}

async function get(options, where = page) {
  return where.evaluate(async (publicKey) => {
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    return credential.toJSON();
  }, options.publicKey);
}

async function begin(body = {}) {
  const started = await call("POST", "passkey/start", body);
  assert.equal(started.status, 200, JSON.stringify(started));
  return started.data;
}

describe("passkey", () => {
  it("is offered under a name and not under a bare address", async () => {
    assert.equal((await call("GET", "providers")).data.is_passkey_possible, true);
    const bare = await (await fetch(`${program.address}/api/v1/auth/providers`)).json();
    assert.equal(bare.data.is_passkey_possible, false);
  });

  it("is added once, with its owner verified", async () => {
    const started = await call("POST", "passkeys/start", { password: PASSWORD }, token);
    assert.equal(started.status, 200, JSON.stringify(started));
    const { options } = started.data;
    assert.equal(options.publicKey.rp.id, "localhost");
    assert.equal(options.publicKey.authenticatorSelection.userVerification, "required");
    assert.equal(options.publicKey.authenticatorSelection.residentKey, "required");
    const credential = await create(options);
    const body = { token: started.data.token, name: "Laptop", credential };
    const added = await call("POST", "passkeys", body, token);
    assert.equal(added.status, 200, JSON.stringify(added));
    assert.equal(added.data.name, "Laptop");
    assert.equal((await call("POST", "passkeys", body, token)).status, 401, "a ceremony is for one use");
    const again = await call("POST", "passkeys/start", { password: PASSWORD }, token);
    await assert.rejects(create(again.data.options), /InvalidStateError/, "the authenticator knows that it is there already");
  });

  it("signs in alone, without a name being typed", async () => {
    const started = await begin();
    assert.deepEqual(started.options.publicKey.allowCredentials, []);
    assert.equal(started.options.publicKey.userVerification, "required");
    const body = { token: started.token, credential: await get(started.options) };
    const session = await call("POST", "passkey", body);
    assert.equal(session.status, 200, JSON.stringify(session));
    assert.equal(session.data.account.email, OWNER);
    assert.ok(session.data.access_token);
    assert.equal((await call("POST", "passkey", body)).status, 401, "an answer is for one use");
    const [passkey] = (await call("GET", "passkeys", undefined, token)).data;
    assert.ok(passkey.last_used_at_ms > 0);
  });

  it("is the second factor after a password", async () => {
    const first = await call("POST", "login", { email: OWNER, password: PASSWORD });
    assert.equal(first.status, 200, JSON.stringify(first));
    assert.deepEqual(first.data.second_factor.methods, ["passkey"]);
    assert.equal(first.data.access_token, undefined);
    const started = await begin({ second_factor_token: first.data.second_factor.token });
    assert.equal(started.options.publicKey.allowCredentials.length, 1);
    const session = await call("POST", "passkey", { token: started.token, credential: await get(started.options) });
    assert.equal(session.status, 200, JSON.stringify(session));
    assert.equal((await call("POST", "passkey/start", { second_factor_token: first.data.second_factor.token })).status, 401, "the first factor is used up");
  });

  it("is refused when the answer belongs to another ceremony", async () => {
    const [one, other] = [await begin(), await begin()];
    const credential = await get(one.options);
    assert.equal((await call("POST", "passkey", { token: other.token, credential })).status, 401);
  });

  it("is refused when it was signed for a page of another origin", async () => {
    // The same name with another port: the browser lends the key, so it is the program that has to look.
    const server = createServer((_request, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>x</title>"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanup.after(() => new Promise((resolve) => server.close(resolve)));
    const started = await begin();
    await page.goto(`http://localhost:${server.address().port}/`);
    const credential = await get(started.options);
    await page.goto(`${address}/sign-in`);
    const answer = await call("POST", "passkey", { token: started.token, credential });
    assert.equal(answer.status, 401, JSON.stringify(answer));
    server.closeAllConnections();
  });

  it("is refused without its owner being verified", async () => {
    await devices.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    const started = await begin();
    const preferred = { publicKey: { ...started.options.publicKey, userVerification: "discouraged" } };
    const answer = await get(preferred).then(
      (credential) => call("POST", "passkey", { token: started.token, credential }),
      () => ({ status: 401 }),
    );
    assert.equal(answer.status, 401);
    await devices.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
  });

  it("is refused and written down when its counter goes back", async () => {
    const { credentials } = await devices.send("WebAuthn.getCredentials", { authenticatorId });
    assert.equal(credentials.length, 1);
    assert.ok(credentials[0].signCount > 1);
    await devices.send("WebAuthn.removeCredential", { authenticatorId, credentialId: credentials[0].credentialId });
    await devices.send("WebAuthn.addCredential", { authenticatorId, credential: { ...credentials[0], signCount: 0 } });
    const copy = await begin();
    const refused = await call("POST", "passkey", { token: copy.token, credential: await get(copy.options) });
    assert.equal(refused.status, 401, JSON.stringify(refused));
    assert.match(program.log, /counter of a passkey went back/);
    await devices.send("WebAuthn.removeCredential", { authenticatorId, credentialId: credentials[0].credentialId });
    await devices.send("WebAuthn.addCredential", { authenticatorId, credential: { ...credentials[0], signCount: credentials[0].signCount + 10 } });
    const right = await begin();
    const session = await call("POST", "passkey", { token: right.token, credential: await get(right.options) });
    assert.equal(session.status, 200, JSON.stringify(session));
  });

  it("is renamed and taken away, and signs nobody in after that", async () => {
    const [{ id }] = (await call("GET", "passkeys", undefined, token)).data;
    assert.equal((await call("PATCH", `passkeys/${id}`, { name: "Old laptop" }, token)).data.name, "Old laptop");
    assert.equal((await call("DELETE", `passkeys/${id}`, { password: "not the password" }, token)).status, 400, "a stolen session takes no factor away");
    assert.equal((await call("DELETE", `passkeys/${id}`, { password: PASSWORD }, token)).status, 200);
    assert.deepEqual((await call("GET", "passkeys", undefined, token)).data, []);
    const started = await begin();
    const answer = await call("POST", "passkey", { token: started.token, credential: await get(started.options) });
    assert.equal(answer.status, 401, JSON.stringify(answer));
    assert.ok((await call("POST", "login", { email: OWNER, password: PASSWORD })).data.access_token, "the password is enough again");
  });
});
