"""An agent that uses the Python SDK. Reads attempts as JSON lines from the file named by its argument, writes what came
of each as one JSON line. Names *.example lead to 127.0.0.1, as hostAliases of a pod would have it."""

import json
import socket
import sys

import anyio
import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ToolListChangedNotification

_getaddrinfo = socket.getaddrinfo


def _lookup(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    return _getaddrinfo("127.0.0.1" if name and name.endswith(".example") else host, *args, **kwargs)


socket.getaddrinfo = _lookup


def _reason(error):
    """The innermost exception of a group: what the agent's user is shown."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def run(attempt):
    headers = {}
    if attempt.get("token"):
        headers["Authorization"] = "Bearer " + attempt["token"]

    async def prefer(request):
        if attempt.get("accept") and request.method == "POST":
            request.headers["accept"] = attempt["accept"] + ", application/json"

    pushed = anyio.Event()

    async def heard(message):
        if isinstance(message, ToolListChangedNotification):
            pushed.set()

    try:
        async with httpx2.AsyncClient(
            headers=headers, timeout=30, trust_env=False, event_hooks={"request": [prefer]}
        ) as http:
            transport = streamable_http_client(attempt["url"], http_client=http)
            async with Client(transport, mode=attempt["mode"], read_timeout_seconds=15, message_handler=heard) as client:
                tools = await client.list_tools()
                answer = await client.call_tool("whoami", {})
                result = {
                    "tools": [tool.name for tool in tools.tools],
                    "whoami": json.loads(answer.content[0].text),
                }
                if attempt["mode"] == "legacy":
                    with anyio.move_on_after(10):
                        await pushed.wait()
                    result["pushed"] = pushed.is_set()
                return result
    except BaseException as error:
        why = _reason(error)
        return {"error": f"{type(why).__name__}: {why}", "did": []}


async def main():
    with open(sys.argv[1], encoding="utf-8") as attempts:
        for line in attempts:
            attempt = json.loads(line)
            print(json.dumps({"name": attempt["name"], **await run(attempt)}), flush=True)


anyio.run(main)
