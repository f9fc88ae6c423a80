"""An agent as anybody would write it: FastAPI, the official MCP SDK and the usual HTTP clients. It knows nothing of tokens or
of valetkey. `POST /ask/WAY?server=URL&question=TEXT` has the MCP server's tool called in that way, and answers with what came
of it. Every request to the agent goes to standard output, a JSON object each."""

import asyncio
import concurrent.futures
import json
import queue
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import asynccontextmanager

import aiohttp
import httpx
import httpx2
import requests
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
clients = {}


@asynccontextmanager
async def lifespan(_):
    async with httpx.AsyncClient(timeout=30) as one, httpx2.AsyncClient(timeout=30) as two, aiohttp.ClientSession() as three:
        clients.update(httpx=one, httpx2=two, aiohttp=three)
        yield


async def note(request: Request):
    headers = {name: request.headers.getlist(name) for name in request.headers}
    print(json.dumps({"path": request.url.path, "headers": headers}), flush=True)


app = FastAPI(lifespan=lifespan, dependencies=[Depends(note)])
session = requests.Session()
pool = concurrent.futures.ThreadPoolExecutor(8)
jobs = queue.Queue()
late_jobs = queue.Queue()


def message(question):
    params = {"name": "whoami", "arguments": {"text": question}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def said(status, text):
    return {"status": status, "text": text}


def post(server, question):
    answer = session.post(server, json=message(question), headers=HEADERS, timeout=30)
    return said(answer.status_code, answer.text)


async def post_async(server, question, **headers):
    answer = await clients["httpx"].post(server, json=message(question), headers={**HEADERS, **headers})
    return said(answer.status_code, answer.text)


@app.get("/healthz")
def healthz():
    return "well"


# A function that is not async runs on a thread of FastAPI's.


@app.post("/ask/requests")
def ask_requests(server: str, question: str):
    return post(server, question)


@app.post("/ask/urllib")
def ask_urllib(server: str, question: str):
    request = urllib.request.Request(server, json.dumps(message(question)).encode(), HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return said(answer.status, answer.read().decode())
    except urllib.error.HTTPError as refused:
        return said(refused.code, refused.read().decode())


@app.post("/ask/httpx")
async def ask_httpx(server: str, question: str):
    return await post_async(server, question)


@app.post("/ask/httpx2")
async def ask_httpx2(server: str, question: str):
    answer = await clients["httpx2"].post(server, json=message(question), headers=HEADERS)
    return said(answer.status_code, answer.text)


@app.post("/ask/aiohttp")
async def ask_aiohttp(server: str, question: str):
    async with clients["aiohttp"].post(server, json=message(question), headers=HEADERS) as answer:
        return said(answer.status, await answer.text())


@app.post("/ask/create_task")
async def ask_create_task(server: str, question: str):
    return await asyncio.create_task(post_async(server, question))


@app.post("/ask/to_thread")
async def ask_to_thread(server: str, question: str):
    return await asyncio.to_thread(post, server, question)


@app.post("/ask/run_in_executor")
async def ask_run_in_executor(server: str, question: str):
    return await asyncio.get_running_loop().run_in_executor(None, post, server, question)


@app.post("/ask/thread_pool")
def ask_thread_pool(server: str, question: str):
    return pool.submit(post, server, question).result()


@app.post("/ask/thread")
def ask_thread(server: str, question: str):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(post(server, question)))
    thread.start()
    thread.join()
    return answers[0]


@app.post("/ask/background_task")
def ask_background_task(server: str, question: str, later: BackgroundTasks):
    later.add_task(post, server, question)
    return said(202, "")


@app.post("/ask/mcp")
async def ask_mcp(server: str, question: str):
    try:
        async with Client(streamable_http_client(server), read_timeout_seconds=30) as client:
            return await whoami(client, question)
    except BaseExceptionGroup as failed:
        return said(0, str(innermost(failed)))


@app.post("/ask/shared_mcp")
async def ask_shared_mcp(server: str, question: str):
    """All requests use one session with the MCP server, which the first of them opened."""
    if "mcp" not in clients:
        clients["mcp"] = asyncio.get_running_loop().create_future()
        clients["mcp_task"] = asyncio.create_task(keep_open(server, clients["mcp"]))
    return await whoami(await clients["mcp"], question)


@app.post("/ask/worker")
def ask_worker(server: str, question: str):
    """A worker that has run since the start takes jobs from a queue."""
    return work_at(jobs, server, question)


@app.post("/ask/late_worker")
def ask_late_worker(server: str, question: str):
    """The same with a worker that the first request started."""
    if not any(thread.name == "late" for thread in threading.enumerate()):
        threading.Thread(target=work, args=[late_jobs], name="late", daemon=True).start()
    return work_at(late_jobs, server, question)


@app.post("/ask/curl")
def ask_curl(server: str, question: str):
    headers = [word for name, value in HEADERS.items() for word in ("-H", f"{name}: {value}")]
    command = ["curl", "-s", "-w", "\n%{http_code}", *headers, "-d", json.dumps(message(question)), server]
    text, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    return said(int(status), text)


@app.post("/ask/forward")
async def ask_forward(server: str, question: str, request: Request):
    """Hands on the Authorization that it was asked with."""
    return await post_async(server, question, Authorization=request.headers.get("authorization", ""))


async def whoami(client, question):
    answer = await client.call_tool("whoami", {"text": question})
    return said(200, answer.content[0].text)


async def keep_open(server, opened):
    async with Client(streamable_http_client(server), read_timeout_seconds=30) as client:
        opened.set_result(client)
        await asyncio.Event().wait()


def work(queued):
    while True:
        server, question, answer = queued.get()
        answer.set_result(post(server, question))


def work_at(queued, server, question):
    answer = concurrent.futures.Future()
    queued.put((server, question, answer))
    return answer.result(30)


def innermost(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


threading.Thread(target=work, args=[jobs], daemon=True).start()
