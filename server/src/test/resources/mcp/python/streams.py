"""Agents that use the Python SDK and its streams. Reads attempts as JSON lines from the file named by its argument, makes
them all at once, and writes what came of each as one JSON line."""

import contextlib
import json
import sys

import anyio
import httpx2
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ToolListChangedNotification


@contextlib.asynccontextmanager
async def _connected(attempt, heard):
    headers = {"Authorization": "Bearer " + attempt["token"]}

    async def hear(message):
        if isinstance(message, ToolListChangedNotification):
            heard.set()

    mode = "auto" if attempt["era"] == "newest" else "legacy"
    options = {"mode": mode, "read_timeout_seconds": 15, "message_handler": hear}
    if attempt["era"] == "oldest":
        async with Client(sse_client(attempt["url"], headers=headers), **options) as client:
            yield client
    else:
        async with httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
            async with Client(streamable_http_client(attempt["url"], http_client=http), **options) as client:
                yield client


async def _use(client, attempt, heard):
    progress = []

    async def advance(now, total, message):
        progress.append(now)

    await client.call_tool("test_tool_with_progress", {}, progress_callback=advance)
    await anyio.sleep(attempt["seconds"])  # the token with which the stream was opened expires
    await client.call_tool("test_trigger_tool_change", {})
    with anyio.move_on_after(10):
        await heard.wait()
    return {"progress": progress, "heard": heard.is_set()}


async def _listened(client, attempt, heard):
    async with client.listen(tools_list_changed=True) as stream, anyio.create_task_group() as group:

        async def wait_for_event():
            async for _ in stream:
                heard.set()
                return

        group.start_soon(wait_for_event)
        result = await _use(client, attempt, heard)
        group.cancel_scope.cancel()
        return result


async def run(attempt):
    heard = anyio.Event()
    try:
        async with _connected(attempt, heard) as client:
            result = await (_listened if attempt["era"] == "newest" else _use)(client, attempt, heard)
    except BaseException as error:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        result = {"progress": [], "heard": False, "error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"name": attempt["name"], **result}), flush=True)


async def main():
    with open(sys.argv[1], encoding="utf-8") as attempts:
        lines = [json.loads(line) for line in attempts]
    async with anyio.create_task_group() as group:
        for attempt in lines:
            group.start_soon(run, attempt)


anyio.run(main)
