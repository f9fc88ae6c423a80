// Makes one MCP call with the built-in fetch and prints its answer. Arguments: the URL, the user token.
const [url, token] = process.argv.slice(2);
const answer = await fetch(url, {
  method: "POST",
  headers: {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "whoami" } }),
});
console.log(await answer.text());
