import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readProof } from "../src/components/proof";

describe("what is typed to show who asks", () => {
  it("is a code if it is six digits, however they are grouped", () => {
    for (const typed of ["123456", "123 456", " 123456 "]) assert.deepEqual(readProof(typed), { code: "123456" });
  });

  it("is a password otherwise, untouched", () => {
    for (const typed of ["correct horse battery", " with spaces ", "1234567", "12345a"]) assert.deepEqual(readProof(typed), { password: typed });
  });

  it("is nothing if nothing was typed: an account may have neither", () => {
    assert.deepEqual(readProof(""), {});
  });
});
