// Cuts out of the facts about Instantly's API what the client uses, for the test that holds both together:
//
//   node tests/it/instantly/extract.mjs FACTS.json > tests/it/instantly/operations.json
//
// The facts are the service's OpenAPI document with its operations as a list. Examples and texts are left out.

import { readFileSync } from "node:fs";

const facts = JSON.parse(readFileSync(process.argv[2], "utf8"));
const client = new URL("../../../src/channel/instantly/client/", import.meta.url);
const idsOf = (file, pattern) => new Set([...readFileSync(new URL(file, client), "utf8").matchAll(pattern)].map((match) => match[1]));
const used = idsOf("operation.rs", /^ {4}(?:[A-Z_]+ =\s*|\s*)"([A-Za-z]+)" (?:Get|Post|Patch|Delete) /gm);
const explored = idsOf("endpoint.rs", /^ {4}"([A-Za-z]+)" "\//gm);

const dropped = new Set(["example", "examples", "description", "x-enumDescriptions", "x-tags", "default"]);
const isMap = (name) => name === "properties" || name === "schemas" || name === "responses" || name === "content";
function strip(value, isNames) {
  if (Array.isArray(value)) return value.map((entry) => strip(entry, false));
  if (value === null || typeof value !== "object") return value;
  if (!isNames && Array.isArray(value.type) && value.type.includes("null") && value.enum && !value.enum.includes(null)) {
    // The service writes what may be null without null among its values; its own validator admits it.
    value = { ...value, enum: [...value.enum, null] };
  }
  if (!isNames && value.allOf) {
    // Parts that each forbid further fields forbid one another's: they are meant as one object.
    const parts = value.allOf.map((part) => (part.$ref ? facts.schemas[part.$ref.split("/").pop()] : part));
    value = { ...parts[0], properties: Object.assign({}, ...parts.map((part) => part.properties)), required: parts.flatMap((part) => part.required ?? []) };
  }
  const kept = Object.entries(value).filter(([name]) => isNames || !dropped.has(name));
  return Object.fromEntries(kept.map(([name, entry]) => [name, strip(entry, isMap(name))]));
}

const schemas = {};
function collect(value) {
  for (const [, name] of JSON.stringify(value).matchAll(/#\/components\/schemas\/([A-Za-z0-9_-]+)/g)) {
    if (!(name in schemas)) {
      schemas[name] = strip(facts.schemas[name], false);
      collect(schemas[name]);
    }
  }
}

const operations = {};
const reads = {};
for (const operation of facts.operations) {
  const { operationId: id, method, path } = operation;
  const scopes = operation.scopes_any_of ?? [];
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  if (used.has(id)) {
    operations[id] = strip({ method, path, scopes, query, requestBody: operation.requestBody, responses: operation.responses }, false);
    collect(operations[id]);
  }
  if (explored.has(id)) {
    reads[id] = { method, path, scopes, query: query.map((parameter) => parameter.name) };
  }
}
// One line for each, so that a change can be read.
const lines = (group) => `{\n${Object.entries(group).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(",\n")}\n}`;
const parts = { operations, reads, schemas };
const written = Object.entries(parts).map(([name, group]) => `"${name}": ${lines(group)}`);
process.stdout.write(`{\n"source": ${JSON.stringify(facts._source)},\n${written.join(",\n")}\n}\n`);
