// For each line, a URL as JSON: how a browser takes it apart, or null.
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  const url = URL.canParse(JSON.parse(line)) ? new URL(JSON.parse(line)) : null;
  const { protocol, username, password, hostname, port, pathname, search, hash } = url ?? {};
  console.log(JSON.stringify(url && [protocol, username, password, hostname, port, pathname, search, hash]));
}
