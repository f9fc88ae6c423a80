"""A travel agent as anybody would write it. It asks two MCP servers for whoever calls it, and a language model with a key of
its own. What it is sent goes to standard output, a JSON object each."""

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request

GITHUB = "http://github.example/mcp"
JIRA = "http://jira.example/mcp"
WHO_AM_I = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}}
ACCEPT = {"Accept": "application/json, text/event-stream"}

client = httpx.AsyncClient(timeout=60)
jobs = set()


async def ask(server):
    answer = await client.post(server, json=WHO_AM_I, headers=ACCEPT)
    return {"status": answer.status_code, "text": answer.text}


async def nightly():
    """A job that nobody has asked for."""
    print(json.dumps({"nightly": await ask(GITHUB)}), flush=True)


@asynccontextmanager
async def lifespan(_):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: jobs.add(loop.create_task(nightly())))
    yield
    await client.aclose()


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
def healthz():
    return "well"


@app.post("/plan")
async def plan(request: Request):
    headers = {name: request.headers.getlist(name) for name in request.headers}
    print(json.dumps({"headers": headers}), flush=True)
    return {"github": await ask(GITHUB), "jira": await ask(JIRA)}


@app.post("/think")
async def think():
    key = {"Authorization": "Bearer " + os.environ["MODEL_KEY"]}
    answer = await client.post(os.environ["MODEL_URL"], json={"prompt": "Where to?"}, headers=key)
    return {"status": answer.status_code, "text": answer.text}
