"""Makes one MCP call as agents do and prints its answer. Arguments: the library, the URL, the user token."""

import asyncio
import importlib
import json
import sys
import urllib.request

library, url, token = sys.argv[1:]
headers = {
    "Authorization": f"Bearer {token}",
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
}
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}})


async def with_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return await answer.text()


match library:
    case "requests" | "httpx" | "httpx2":
        print(importlib.import_module(library).post(url, data=body, headers=headers).text)
    case "aiohttp":
        print(asyncio.run(with_aiohttp()))
    case "urllib":
        request = urllib.request.Request(url, body.encode(), headers)
        print(urllib.request.urlopen(request).read().decode())
