// Short names of mailboxes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortenAddresses } from "../src/features/mailbox/short_names.ts";

const shorten = (...addresses: string[]) => [...shortenAddresses(addresses).values()].map(({ local, rest }) => (rest === "" ? local : `${local} ${rest}`));

test("what stands before the @ is enough while nobody else has it", () => {
  assert.deepEqual(shorten("emily@alpenblick.example", "jonas@alpenblick.example"), ["emily", "jonas"]);
});

test("of the domain only what tells two mailboxes apart", () => {
  assert.deepEqual(shorten("lea@alpenblick-software.example", "lea@alpenblick-team.example"), ["lea software", "lea team"]);
  assert.deepEqual(shorten("lea@alpenblick.example", "lea@get-alpenblick.example"), ["lea alpenblick", "lea get-alpenblick"]);
  assert.deepEqual(shorten("lea@a.example", "lea@b.org"), ["lea a.example", "lea b.org"]);
});

test("one domain inside the other, and addresses that are none, keep a name", () => {
  assert.deepEqual(shorten("lea@team.example", "lea@sub.team.example"), ["lea team", "lea sub.team"]);
  assert.deepEqual(shorten("nobody", "lea@x.example"), ["nobody", "lea"]);
});
