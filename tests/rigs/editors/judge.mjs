// node judge.mjs CACHE SCHEMA: ajv's verdicts on the documents of a JSON object on stdin.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [cache, schema] = process.argv.slice(2);
const Ajv = createRequire(`${cache}/`)("ajv").default;
// Only "exactly one of these keys" is beyond strict mode: draft-07 says it with `required` alone.
const lenient = { strictRequired: false, allowUnionTypes: true, keywords: ["defaultSnippets"] };
const judge = new Ajv({ strict: true, ...lenient }).compile(JSON.parse(readFileSync(schema, "utf8")));
const documents = JSON.parse(readFileSync(0, "utf8"));
const said = ([name, document]) => [name, judge(document) ? [] : judge.errors.map((e) => e.message)];
console.log(JSON.stringify(Object.fromEntries(Object.entries(documents).map(said))));
