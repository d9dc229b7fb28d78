// Starts and feeds the real program: a folder of its own, a free port, accounts and connections by command line, webhooks over HTTP.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BINARY = process.env.SALESBRAIN_BINARY;
if (!BINARY) throw new Error("SALESBRAIN_BINARY is not set; start the tests with tests/browser/run");

export const PASSWORD = "a long enough password";
const START_LIMIT_MS = 20_000;

/** Polls until `read` gives something; the bound keeps a broken program from hanging the suite. */
export async function waitUntil(what, read, limitMs = 10_000) {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a file of tests has to put away, last made first; `after` of the test runner would belong to whatever runs at the moment. */
export class Cleanup {
  #steps = [];

  after(step) {
    this.#steps.unshift(step);
  }

  async run() {
    for (const step of this.#steps.splice(0)) await step();
  }
}

/** Only what the program itself needs, so that a developer's settings change no test. */
function environment(settings) {
  return { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: tmpdir(), SALESBRAIN_LOG_FORMAT: "json", ...settings };
}

export async function runProgram(args, input = "") {
  const child = spawn(BINARY, args, { env: environment({}), cwd: tmpdir(), stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (errors += data));
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`salesbrain ${args.join(" ")} ended with ${code}: ${errors}${output}`);
  return output;
}

/** A running program on a folder; `address` is where browsers and providers reach it. */
export class Program {
  constructor(folder, settings) {
    this.folder = folder;
    this.settings = settings;
    this.log = "";
    this.port = 0;
  }

  /** The port stays the same over restarts, as it does in production. */
  async start() {
    const args = ["serve", "--data", this.folder, "--listen", `127.0.0.1:${this.port}`];
    await this.#spawn(args, /"address":"(http:\/\/[^"]+)"/, "serve");
    this.port = Number(new URL(this.address).port);
  }

  async startDemo(seed) {
    await this.#spawn(["demo", "--data", this.folder, "--listen", "127.0.0.1:0", "--seed", String(seed)], /or at\s+(http:\/\/\S+)/, "demo");
    this.link = /sign in\s+(http:\/\/\S+)/.exec(this.log)?.[1];
  }

  async #spawn(args, announcement, what) {
    this.log = "";
    const child = spawn(BINARY, args, { env: environment(this.settings), cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    this.ended = new Promise((resolve) => child.on("close", resolve));
    child.stdout.on("data", (data) => (this.log += data));
    child.stderr.on("data", (data) => (this.log += data));
    this.address = await waitUntil(
      `salesbrain ${what} says where it listens`,
      () => {
        if (child.exitCode !== null) throw new Error(`salesbrain ${what} ended with ${child.exitCode}: ${this.log}`);
        return announcement.exec(this.log)?.[1];
      },
      START_LIMIT_MS,
    );
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGKILL");
    await this.ended;
  }

  async call(method, path, token, body) {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }

  async signIn(email, password = PASSWORD) {
    return (await this.call("POST", "/api/v1/auth/login", null, { email, password })).data.access_token;
  }

  async post(secret, event) {
    const response = await fetch(`${this.address}/webhooks/instantly/webhook`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Webhook-Secret": secret },
      body: JSON.stringify(event),
    });
    if (!response.ok) throw new Error(`the webhook was answered ${response.status}: ${await response.text()}`);
  }

  async postAll(secret, events, width = 16) {
    const waiting = [...events];
    const work = async () => {
      for (let event = waiting.shift(); event; event = waiting.shift()) await this.post(secret, event);
    };
    await Promise.all(Array.from({ length: width }, work));
  }
}

/** A folder and a program on it; both are gone at the end, however it comes. */
export async function makeProgram(cleanup, settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), "salesbrain-browser-"));
  const program = new Program(folder, settings);
  cleanup.after(async () => {
    await program.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return program;
}

export const OWNER = "olga.owner@example.org";
export const VIEWER = "victor.viewer@example.org";
export const ORGANIZATION = "Muster Vertrieb AG";

/** A program with an organization, an owner, and a connection whose secret is known. */
export async function makeOrganization(cleanup, { settings = {}, language = "en", fill = 0, isStarted = true } = {}) {
  const program = await makeProgram(cleanup, settings);
  const data = ["--data", program.folder, "--json"];
  await addAccount(program, { email: OWNER, name: "Olga Owner", role: "owner", language });
  const connection = JSON.parse(await runProgram(["connection", "create", "--organization", ORGANIZATION, "--provider", "instantly", ...data]));
  if (fill > 0) await runProgram(["simulate", "fill", "--messages", String(fill), "--organization", ORGANIZATION, ...data]);
  if (isStarted) await program.start();
  return { program, secret: connection.webhook_secret, connection };
}

export async function addAccount(program, { email, name, role, language = "en", organization = ORGANIZATION }) {
  const args = ["account", "create", "--email", email, "--name", name, "--organization", organization, "--role", role, "--language", language];
  await runProgram([...args, "--password-stdin", "--data", program.folder, "--json"], `${PASSWORD}\n`);
}

const CAMPAIGN = "0d2f5a6e-2f0c-4b0e-9a3e-5c3a51d0aa01";

/** A reply as Instantly posts it; whatever a test does not care about is filled in. */
export function makeReply(fields = {}) {
  const { atMs = Date.now(), ...given } = fields;
  return {
    timestamp: new Date(atMs).toISOString(),
    event_type: "reply_received",
    workspace: "8c1e0d9e-58b0-4f0e-bb33-d2c0a1b0f001",
    campaign_id: CAMPAIGN,
    campaign_name: "Spring outreach",
    lead_email: "anna.keller@example.com",
    email_account: "sales@example.org",
    step: "1",
    variant: "A",
    is_first: false,
    email_id: randomUUID(),
    firstName: "Anna",
    lastName: "Keller",
    companyName: "Keller Maschinenbau AG",
    reply_subject: "Re: A question",
    reply_text: "Thank you, please call me tomorrow.",
    ...given,
  };
}

export function makeSent(fields = {}) {
  const { reply_subject: _subject, reply_text: _text, ...base } = makeReply({ email_subject: "A question", email_text: "Good morning, do you have a minute?", ...fields });
  return { ...base, event_type: "email_sent" };
}
