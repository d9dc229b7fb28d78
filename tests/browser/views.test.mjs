// Every view, light and dark, at three widths, in both languages, with data, without, and with the server gone: accessible, still,
// quiet on the console, fully translated. Leaves a screenshot of each in results/ for people to look at.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { Authenticator } from "./support/authenticator.mjs";
import { expectNothing, expectStillPage, findAccessibilityProblems, openPage, RESULTS, startBrowser } from "./support/browser.mjs";
import { addAccount, Cleanup, makeOrganization, makeProgram, makeReply, makeSent, OWNER, PASSWORD, waitUntil } from "./support/program.mjs";

const GERMAN = "gerda.german@example.org";
const SOURCES = new URL("../../assets/src/", import.meta.url);

const cleanup = new Cleanup();
after(() => cleanup.run());

let browser;
let words;

/** The texts of the interface, read from their sources: what a key is called, and what belongs to which language. */
async function readWords() {
  const found = { keys: new Set(), en: new Set(), de: new Set() };
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith("words.ts") && !file.startsWith("i18n"));
  assert.ok(files.length > 5, `texts of the features: ${files}`);
  for (const file of files) {
    const source = (await readFile(new URL(file, SOURCES), "utf8")).replace(/^import .*$/gm, "").replace(/export const \w+ = defineWords\(/g, "collect(");
    new Function("collect", source)((_name, en, de) => {
      for (const key of Object.keys(en)) if (key.includes("_")) found.keys.add(key);
      for (const text of Object.values(en)) found.en.add(text);
      for (const text of Object.values(de)) found.de.add(text);
    });
  }
  return found;
}

/** Everything a person reads or hears on the page. */
const readTexts = (page) =>
  page.evaluate(() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement?.closest("script, style") === null) texts.push(node.data.trim());
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) {
      for (const name of ["aria-label", "title", "placeholder", "alt"]) texts.push(element.getAttribute(name) ?? "");
    }
    return texts.filter((text) => text !== "");
  });

async function expectTranslated(page, language, what) {
  const texts = await readTexts(page);
  assert.deepEqual(texts.filter((text) => words.keys.has(text) || /\{\{|\}\}/.test(text)), [], `${what}: keys without a text`);
  const [own, other] = language === "de" ? [words.de, words.en] : [words.en, words.de];
  assert.deepEqual(texts.filter((text) => other.has(text) && !own.has(text)), [], `${what}: texts of the other language`);
}

async function settle(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** All problems are gathered, so that one run tells everything. */
async function inspect(page, { name, language, problems }) {
  await settle(page);
  await page.screenshot({ path: `${RESULTS}${name}.png` });
  for (const problem of await findAccessibilityProblems(page)) problems.push(`${name}: ${problem}`);
  for (const check of [() => expectStillPage(page, name), () => expectTranslated(page, language, name)]) {
    await check().catch((error) => problems.push(error.message));
  }
}

const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

/** The longest a real text gets, beside the realistic ones. */
const longEvents = () => {
  const who = { lead_email: `${"maximilian.".repeat(5)}von-und-zu@${"sehr-".repeat(8)}lang.example.com`, firstName: "Maximilian-Alexander", lastName: `von und zu ${LONG}`, companyName: `${LONG} mbH & Co. KG`, jobTitle: `Leiter ${LONG}`, Notiz: `${LONG} ${LONG}`, campaign_id: "0d2f5a6e-2f0c-4b0e-9a3e-5c3a51d0aa77", campaign_name: `${LONG} Kaltakquise Österreich Q3 (Kopie) (2)` };
  return [
    makeSent({ ...who, atMs: Date.now() - 90_000, email_subject: LONG, email_text: "Guten Tag" }),
    makeReply({ ...who, atMs: Date.now() - 60_000, reply_subject: `Re: ${LONG}`, reply_text: `${LONG}\n\nhttps://example.com/${"a/".repeat(90)}\n\nAm Mo., 3. März 2025 um 09:00 schrieb Sales <sales@example.org>:\n> Guten Tag\n> ${LONG}` }),
    { ...makeReply({ ...who, atMs: Date.now() - 50_000 }), event_type: `${LONG} Rückruf`, reply_text: undefined, reply_subject: undefined },
    { ...makeReply({ atMs: Date.now() - 30_000, email_account: `${"vertrieb.".repeat(6)}@${"sehr-".repeat(8)}lang.example.org`, reason: `${LONG}: the server refused the password` }), event_type: "account_error", lead_email: undefined, reply_text: undefined },
  ];
};

const VIEWS = (ids) => [
  { name: "inbox", path: "/inbox", ready: "[data-conversation]" },
  { name: "thread", path: `/inbox/${ids.conversation}`, ready: "article" },
  { name: "thread_long", path: `/inbox/${ids.long}`, ready: "article" },
  { name: "search", path: "/search", ready: "[type=search]" },
  { name: "search_hits", path: "/search?q=termin", ready: "[data-hit]" },
  { name: "campaigns", path: "/campaigns", ready: "main tbody tr" },
  { name: "campaign", path: `/campaigns/${ids.campaign}`, ready: "main svg.recharts-surface" },
  { name: "mailboxes", path: "/mailboxes", ready: "main tbody tr" },
  { name: "feed", path: "/feed", ready: "main ol a" },
  { name: "settings_profile", path: "/settings/profile", ready: "main input" },
  { name: "settings_security", path: "/settings/security", ready: "main li [data-tone=positive]" },
  { name: "settings_organization", path: "/settings/organization", ready: "main form" },
  { name: "settings_members", path: "/settings/members", ready: "main tbody tr" },
  { name: "settings_roles", path: "/settings/roles", ready: "main li h3" },
  { name: "settings_api_keys", path: "/settings/api-keys", ready: "main h2" },
  { name: "settings_connections", path: "/settings/connections", ready: "main h2, main h3" },
  { name: "settings_audit", path: "/settings/audit", ready: "main ol li" },
  { name: "settings_operations", path: "/settings/operations", ready: "main h2, main h3" },
  { name: "organizations", path: "/organizations", ready: "main li h2" },
  { name: "organizations_new", path: "/organizations?new=true", ready: "main form" },
  { name: "admin_organizations", path: "/admin/organizations", ready: "main tbody tr" },
  { name: "admin_campaigns", path: "/admin/campaigns", ready: "main tbody tr" },
  { name: "admin_mailboxes", path: "/admin/mailboxes", ready: "main tbody tr" },
  { name: "admin_accounts", path: "/admin/accounts", ready: "main tbody tr" },
  { name: "admin_mails", path: "/admin/mails", ready: "main h2" },
  { name: "admin_settings", path: "/admin/settings", ready: "main h2" },
  { name: "admin_audit", path: "/admin/audit", ready: "main ol li" },
  { name: "admin_unrouted", path: "/admin/unrouted", ready: "main h2" },
  { name: "not_found", path: "/there/is/nothing", ready: "h1" },
];

/** For those who are signed in and can do nothing yet; each with the account of this language that stands there. */
const VIEWS_ALONE = [
  { name: "no_organization", path: "/no-organization", ready: "main form", accounts: { en: "nina.nowhere@example.org", de: "norbert.nirgends@example.org" } },
  { name: "second_factor_missing", path: "/second-factor", ready: "main a[href*=security]", accounts: { en: "sam.single@example.org", de: "sabine.single@example.org" } },
];
const STRICT = "stefan.strict@example.org";

const LOOKS = [
  { scheme: "light", width: 1440, height: 900, language: "en" },
  { scheme: "dark", width: 1440, height: 900, language: "en" },
  { scheme: "light", width: 1024, height: 768, language: "de" },
  { scheme: "dark", width: 1024, height: 768, language: "de" },
  { scheme: "light", width: 390, height: 844, language: "de" },
  { scheme: "dark", width: 390, height: 844, language: "en" },
];
const accountOf = (language) => (language === "de" ? GERMAN : OWNER);
const lookName = ({ scheme, width, language }) => `${width}-${scheme}-${language}`;

before(async () => {
  browser = await startBrowser(cleanup);
  words = await readWords();
});

/** An owner of German, who looks after the appliance as the first owner does. */
async function addGerman(program) {
  await addAccount(program, { email: GERMAN, name: "Gerda German", role: "owner", language: "de" });
  const token = await program.signIn(OWNER);
  const { data } = await program.call("GET", "/api/v1/admin/accounts?q=gerda", token);
  await program.call("PATCH", `/api/v1/admin/accounts/${data[0].id}`, token, { staff_role: "sb_admin" });
}

/** Accounts without an organization, and members of one that asks for a second factor which they lack. */
async function addAccountsOfViewsAlone(program) {
  const [nowhere, single] = VIEWS_ALONE.map(({ accounts }) => Object.entries(accounts));
  const strict = { organization: "Strenge AG" };
  await addAccount(program, { email: STRICT, name: "Stefan Strict", role: "owner", ...strict });
  for (const [language, email] of [...nowhere, ...single]) await addAccount(program, { email, name: email.split("@")[0], role: "member", language, ...strict });
  const token = await program.signIn(STRICT);
  const { organization } = (await program.call("GET", "/api/v1/auth/me", token)).data;
  const members = `/api/v1/organizations/${organization.id}/members`;
  for (const member of (await program.call("GET", members, token)).data) {
    if (nowhere.some(([, email]) => email === member.email)) await program.call("DELETE", `${members}/${member.account_id}`, token);
  }
  // Whoever makes the rule keeps it.
  const { data } = await program.call("POST", "/api/v1/auth/totp", token, { password: PASSWORD });
  await program.call("POST", "/api/v1/auth/totp/verify", token, { code: new Authenticator(data.secret).code() });
  await program.call("PATCH", `/api/v1/organizations/${organization.id}`, token, { is_second_factor_required: true });
}

async function inspectViews(program, views, look, state, problems) {
  const { page, seen, context } = await openPage(browser, program, { email: accountOf(look.language), ...look });
  for (const view of views) {
    await page.goto(view.path);
    await page.locator(view.ready).first().waitFor();
    await waitUntil(`${view.name} has loaded`, () => page.locator("[role=status][aria-label=Loading], [role=status][aria-label=\"Wird geladen\"]").count().then((count) => count === 0));
    await inspect(page, { name: `${view.name}-${lookName(look)}-${state}`, language: look.language, problems });
  }
  expectNothing(seen);
  await context.close();
}

describe("views with data", () => {
  let program;
  let views;

  before(async () => {
    const made = await makeOrganization(cleanup, { fill: 900 });
    program = made.program;
    await addGerman(program);
    await addAccountsOfViewsAlone(program);
    await program.postAll(made.secret, longEvents(), 1);
    const token = await program.signIn(OWNER);
    const list = async (path) => (await program.call("GET", path, token)).data;
    const conversations = await list("/api/v1/conversations?limit=200");
    const long = conversations.find((row) => row.subject.includes(LONG));
    const busy = conversations.filter((row) => row.id !== long.id).toSorted((left, right) => right.message_count - left.message_count)[0];
    const campaign = (await list("/api/v1/campaigns?limit=50")).toSorted((left, right) => right.counters.sent - left.counters.sent)[0];
    views = VIEWS({ conversation: busy.id, long: long.id, campaign: campaign.id });
  });

  for (const look of LOOKS) {
    it(`are sound at ${lookName(look)}`, async () => {
      const problems = [];
      await inspectViews(program, views, look, "data", problems);
      assert.deepEqual(problems, []);
    });
  }

  it("are sound where somebody can do nothing yet", async () => {
    const problems = [];
    for (const look of LOOKS) {
      for (const view of VIEWS_ALONE) {
        const { page, seen, context } = await openPage(browser, program, { ...look, email: view.accounts[look.language] });
        await page.goto(view.path);
        await page.locator(view.ready).first().waitFor();
        assert.equal(new URL(page.url()).pathname, view.path);
        await inspect(page, { name: `${view.name}-${lookName(look)}`, language: look.language, problems });
        expectNothing(seen, [/status of 403/]);
        await context.close();
      }
    }
    assert.deepEqual(problems, []);
  });

  it("are sound with an overlay open", async () => {
    const problems = [];
    for (const look of [LOOKS[0], LOOKS[3]]) {
      const { page, seen, context } = await openPage(browser, program, { email: accountOf(look.language), ...look });
      await page.goto("/inbox");
      await page.locator("[data-conversation]").first().waitFor();
      await page.keyboard.press("?");
      await page.locator("dialog[open]").waitFor();
      await inspect(page, { name: `help-${lookName(look)}-data`, language: look.language, problems });
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.locator("dialog[open] input").fill("e");
      await inspect(page, { name: `palette-${lookName(look)}-data`, language: look.language, problems });
      await page.keyboard.press("Escape");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await waitUntil("a row has the focus", () => page.evaluate(() => document.activeElement?.hasAttribute("data-conversation")));
      await inspect(page, { name: `inbox_focus-${lookName(look)}-data`, language: look.language, problems });
      await page.keyboard.press("x");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await waitUntil("two rows are selected", () => page.locator("[data-checked=true]").count().then((count) => count === 2));
      await inspect(page, { name: `inbox_selected-${lookName(look)}-data`, language: look.language, problems });
      await page.keyboard.press("Escape");
      await page.locator("[data-conversation]").nth(4).hover();
      await page.keyboard.press("e");
      await page.locator("[role=status] button").first().waitFor();
      await inspect(page, { name: `inbox_hover-${lookName(look)}-data`, language: look.language, problems });
      await page.locator("[role=status] button").first().click();
      await page.locator("main button[aria-haspopup=menu]").first().click();
      await page.getByRole("menuitem").first().waitFor();
      await inspect(page, { name: `filter-${lookName(look)}-data`, language: look.language, problems });
      expectNothing(seen);
      await context.close();
    }
    assert.deepEqual(problems, []);
  });

  it("compare a campaign's figures with the period before and lead to the messages behind them", async () => {
    const { page, seen, context } = await openPage(browser, program, { email: OWNER, ...LOOKS[0] });
    await page.goto(views.find(({ name }) => name === "campaign").path);
    const sent = page.getByRole("link", { name: /^[\d,.’']+$/ }).first();
    await sent.waitFor();
    await page.getByText(/before \d+/).first().waitFor();
    await page.locator("main svg.recharts-surface").waitFor();
    await sent.click();
    await page.waitForURL(/\/search\?q=campaign/);
    await page.locator("[data-hit]").first().waitFor();
    expectNothing(seen);
    await context.close();
  });

  it("say when the server is gone, and recover when asked to", async () => {
    const problems = [];
    // The browser itself reports what it could not load, the router what a view threw.
    const away = [/ERR_CONNECTION_(REFUSED|RESET)/, /WebSocket/, /Failed to fetch/, /preload assets/, /at async Function\.preload/];
    for (const look of [LOOKS[0], LOOKS[5]]) {
      const { page, seen, context } = await openPage(browser, program, { email: OWNER, ...look });
      const retry = page.getByRole("button", { name: "Try again" });
      await page.goto("/settings/profile");
      await page.locator("main input").first().waitFor();
      await program.stop();
      for (const name of ["Inbox", "Campaigns", "Mailboxes"]) {
        await page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name }).first().click();
        // The button of the view before may still stand for a moment.
        await page.waitForURL(`**/${name.toLowerCase()}**`);
        await page.locator("main h1").first().waitFor({ state: "attached", timeout: 20_000 });
        await retry.first().waitFor({ timeout: 20_000 });
        await inspect(page, { name: `${name.toLowerCase()}-${lookName(look)}-error`, language: "en", problems });
      }
      await program.start();
      await retry.first().click();
      await page.locator("main tbody tr").first().waitFor({ timeout: 20_000 });
      assert.equal(await retry.count(), 0, "the error is gone");
      await page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name: "Campaigns" }).first().click();
      if (await retry.count()) await retry.first().click();
      await page.locator("main tbody tr").first().waitFor({ timeout: 20_000 });
      expectNothing(seen, away);

      await context.close();
    }
    assert.deepEqual(problems, []);
  });
});

describe("views without data", () => {
  let program;

  before(async () => {
    ({ program } = await makeOrganization(cleanup));
    await addGerman(program);
  });

  for (const look of [LOOKS[0], LOOKS[3], LOOKS[5]]) {
    it(`say what will be there, at ${lookName(look)}`, async () => {
      const problems = [];
      const empty = VIEWS({})
        .filter(({ name }) => !/thread|campaign$|hits|not_found/.test(name))
        .map((view) => ({ ...view, ready: /settings|search|organizations|accounts|audit/.test(view.name) ? view.ready : "main h2" }));
      const searched = { name: "search_none", path: "/search?q=nothing", ready: "main h2" };
      const missing = { name: "thread_missing", path: "/inbox/01920000-0000-7000-8000-000000000000", ready: "[role=alert]" };
      await inspectViews(program, [...empty, searched], look, "empty", problems);
      const { page, context } = await openPage(browser, program, { email: accountOf(look.language), ...look });
      await page.goto(missing.path);
      await page.locator(missing.ready).waitFor();
      await inspect(page, { name: `${missing.name}-${lookName(look)}-empty`, language: look.language, problems });
      await context.close();
      assert.deepEqual(problems, []);
    });
  }
});

const BEFORE_SIGNING_IN = [
  ["register", "/register"],
  ["forgot_password", "/forgot-password"],
  ["reset_password", "/reset-password#unknown"],
  ["verify_email", "/verify-email#unknown"],
  ["invitation", "/invitation#unknown"],
  ["callback_incomplete", "/sign-in/callback/google"],
  ["callback_refused", "/sign-in/callback/google?error=access_denied"],
];

describe("views before signing in", () => {
  it("are sound: setup, sign-in, used link", async () => {
    const problems = [];
    const program = await makeProgram(cleanup);
    await program.start();
    for (const look of LOOKS) {
      const locale = look.language === "de" ? "de-CH" : "en-GB";
      const { page, seen, context } = await openPage(browser, program, { ...look, locale });
      await page.goto("/setup");
      await page.locator("form").waitFor();
      await inspect(page, { name: `setup_account-${lookName(look)}`, language: look.language, problems });
      await page.locator("form button[type=submit]").click();
      await page.locator("[name=name][aria-invalid=true], form [class*=error]").first().waitFor();
      await inspect(page, { name: `setup_errors-${lookName(look)}`, language: look.language, problems });
      await page.locator("[name=name]").fill("Olga Owner");
      await page.locator("[name=email]").fill("olga@example.org");
      await page.locator("[name=password]").fill("a long enough password");
      await page.locator("form button[type=submit]").click();
      await page.locator("[name=organization]").waitFor();
      await inspect(page, { name: `setup_organization-${lookName(look)}`, language: look.language, problems });
      if (look === LOOKS.at(-1)) {
        await page.locator("[name=organization]").fill("Muster Vertrieb AG");
        await page.locator("form button[type=submit]").click();
        await page.locator("code").nth(3).waitFor();
        await inspect(page, { name: `setup_connect-${lookName(look)}`, language: look.language, problems });
        await page.setViewportSize({ width: 1440, height: 900 });
        await inspect(page, { name: "setup_connect-1440-dark-en", language: look.language, problems });
      }
      expectNothing(seen);
      await context.close();
    }
    for (const look of LOOKS) {
      const locale = look.language === "de" ? "de-CH" : "en-GB";
      const { page, seen, context } = await openPage(browser, program, { ...look, locale });
      await page.goto("/sign-in");
      await page.locator("form").waitFor();
      await inspect(page, { name: `sign_in-${lookName(look)}`, language: look.language, problems });
      await page.goto("/sign-in/link#used");
      await page.locator("main a, main button").first().waitFor();
      await inspect(page, { name: `sign_in_link-${lookName(look)}`, language: look.language, problems });
      for (const [name, path] of BEFORE_SIGNING_IN) {
        await page.goto(path);
        await page.locator("main a, main button[type=submit]").first().waitFor();
        await inspect(page, { name: `${name}-${lookName(look)}`, language: look.language, problems });
      }
      expectNothing(seen, [/status of 40[014]/]);
      await context.close();
    }
    assert.deepEqual(problems, []);
  });
});

/** What is opened beside the lists above, in the tests of this file. */
const OPENED_BY_HAND = ["/setup", "/sign-in", "/sign-in/link#used"];

/** Every address of the interface, `$` for what varies, read from the router: a path is below that of the route it belongs to. */
async function readRoutes() {
  const source = await readFile(new URL("app/router.tsx", SOURCES), "utf8");
  const routes = new Map();
  for (const [, name, body] of source.matchAll(/const (\w+) = createRoute\(\{([\s\S]*?)\n?\}\);/g)) {
    routes.set(name, { parent: /getParentRoute: \(\) => (\w+)/.exec(body)?.[1], path: /path: "([^"]*)"/.exec(body)?.[1] ?? "", isView: /component:|path: "\$/.test(body) && /path:/.test(body) });
  }
  assert.ok(routes.size > 20, `routes were read: ${[...routes.keys()]}`);
  const addressOf = (name) => {
    const route = routes.get(name);
    if (route === undefined) return "";
    return `${addressOf(route.parent)}/${route.path}`.replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
  };
  return [...routes].filter(([, { isView }]) => isView).map(([name]) => addressOf(name));
}

/** The sections of a view, which one route opens. */
const readSections = async (file) => [...(await readFile(new URL(file, SOURCES), "utf8")).matchAll(/\{ name: "([\w-]+)", icon:/g)].map(([, name]) => name);

describe("the list of views", () => {
  it("has every route of the router and every section of its views", async () => {
    const ids = { conversation: "$", long: "$", campaign: "$" };
    const opened = [...VIEWS(ids), ...VIEWS_ALONE].map(({ path }) => path).concat(BEFORE_SIGNING_IN.map(([, path]) => path), OPENED_BY_HAND).map((path) => path.split(/[?#]/)[0]);
    const routes = await readRoutes();
    const sections = { "/settings/$section": await readSections("features/settings/settings_view.tsx"), "/admin/$section": await readSections("features/admin/admin_view.tsx") };
    const wanted = routes.flatMap((route) => (sections[route] ? sections[route].map((section) => route.replace("$section", section)) : [route]));
    assert.ok(wanted.includes("/admin/campaigns") && wanted.includes("/inbox/$conversationId"), `what is wanted: ${wanted}`);
    const isOpened = (route) => opened.some((path) => new RegExp(`^${route.replace(/\$\w+/g, "[^/]+")}$`).test(path));
    assert.deepEqual(wanted.filter((route) => !isOpened(route)), [], "routes and sections that no test of this file opens");
  });
});
