// An authenticator app, for accounts with a second factor.
import { createHmac } from "node:crypto";

const STEP_S = 30;

/** The authenticator of RFC 6238; a step is never used twice, as the server would refuse it. */
export class Authenticator {
  #last = 0;

  constructor(secret) {
    const bits = [...secret.replace(/[\s=]/g, "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
    this.key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  }

  code() {
    this.#last = Math.max(Math.floor(Date.now() / 1_000 / STEP_S), this.#last + 1);
    return this.#codeOf(this.#last);
  }

  /** A code of fifty years ago. */
  wrongCode() {
    return this.#codeOf(1);
  }

  #codeOf(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac("sha1", this.key).update(counter).digest();
    const offset = mac.at(-1) & 15;
    return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  }
}
