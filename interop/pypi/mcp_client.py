"""FastMCP and the official Python client list and call every tool, over HTTP for two accounts at once and on standard
input."""

import asyncio
import base64
import os
from html.parser import HTMLParser

import httpx
from check import check, finish, network
from fastmcp import Client
from fastmcp.client.auth import OAuth
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import ToolError

ready = network()
alice, bob = ready["accounts"][:2]
TOOLS = {
    "list_records", "describe_repo", "get_record", "query", "identity_history", "create_record", "update_record",
    "delete_record", "whoami", "upload_blob", "explain_scope", "my_grants",
}


def over_http(account=None):
    headers = {}
    if account:
        headers = {"x-atproto-handle": account["handle"], "x-atproto-password": account["app_password"]}
    return Client(StreamableHttpTransport(ready["mcp_url"], headers=headers))


async def call(client, tool, **arguments):
    return (await client.call_tool(tool, arguments)).structured_content


async def every_tool(client, account):
    assert {tool.name for tool in await client.list_tools()} == TOOLS
    assert await call(client, "whoami") == {"handle": account["handle"], "did": account["did"]}
    made = await call(client, "create_record", collection="com.example.note", record={"text": "from Python"})
    assert made["uri"].startswith(f"at://{account['did']}/com.example.note/")
    whole = await call(client, "get_record", uri=made["uri"], verify=True)
    assert whole["verification"]["verified"] is True and whole["value"]["text"] == "from Python"
    await call(client, "update_record", uri=made["uri"], updates={"text": "changed"})
    page = await call(client, "list_records", collection="com.example.note", repo=account["did"], limit=5)
    assert page["results"][0]["value"]["text"] == "changed"
    blob = await call(client, "upload_blob", data=base64.b64encode(b"text").decode(), mime_type="text/plain")
    assert blob["blob"]["mimeType"] == "text/plain"
    assert await call(client, "delete_record", uri=made["uri"]) == {"deleted": made["uri"]}
    described = await call(client, "describe_repo", repo=account["did"])
    assert described["did"] == account["did"]
    assert (await call(client, "identity_history", repo=account["did"]))["chain_verified"] is True
    asked = await call(client, "query", nsid="com.atproto.server.describeServer", repo=account["did"])
    assert asked["did"] == ready["service_did"]
    assert (await call(client, "explain_scope", scope="blob:*/*"))["scopes"][0]["valid"] is True
    assert (await call(client, "my_grants"))["did"] == account["did"]


@check("every tool over HTTP, for two accounts at once")
def _():
    async def both():
        async with over_http(alice) as first, over_http(bob) as second:
            await asyncio.gather(every_tool(first, alice), every_tool(second, bob))

    asyncio.run(both())


@check("every tool on standard input")
def _():
    async def one():
        env = {
            "PATH": os.environ["PATH"],
            "ATPROTO_HANDLE": alice["did"],
            "ATPROTO_PASSWORD": alice["app_password"],
            "GATEWRIGHT_PLC": ready["plc_url"],
        }
        async with Client(StdioTransport(os.environ["GATEWRIGHT_PROGRAM"], ["mcp"], env=env)) as client:
            await every_tool(client, alice)

    asyncio.run(one())


@check("nobody in particular reads, and is refused in the words that programs know")
def _():
    async def nobody():
        async with over_http() as client:
            assert (await call(client, "describe_repo", repo=bob["did"]))["did"] == bob["did"]
            refused = [
                ("create_record", {"collection": "com.example.note", "record": {}}, "creating a record requires authentication"),
                ("update_record", {"uri": "com.example.note/x", "updates": {}}, "updating a record requires authentication"),
                ("delete_record", {"uri": "com.example.note/x"}, "deleting a record requires authentication"),
                ("whoami", {}, "checking identity requires authentication"),
                ("list_records", {"collection": "com.example.note"}, "repo parameter is required"),
                ("query", {"nsid": "com.atproto.sync.listRepos", "host": ready["url"]}, "refusing to query non-public host"),
            ]
            for tool, arguments, words in refused:
                try:
                    await client.call_tool(tool, arguments)
                except ToolError as error:
                    assert words in str(error), str(error)
                else:
                    raise AssertionError(f"{tool} was not refused")
            assert (await call(client, "query", nsid="nonsense"))["error"] == "invalid_nsid"
            assert {prompt.name for prompt in await client.list_prompts()} == {"usage_guide", "create_post_guide"}
            told = await client.read_resource("pdsx://me")
            assert told[0].text.startswith("not authenticated"), told

    asyncio.run(nobody())


class Forms(HTMLParser):
    """The forms of a page, as a browser without scripts sends them."""

    def __init__(self, html):
        super().__init__()
        self.forms = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.forms.append((given.get("action"), {}))
        elif tag == "input" and self.forms and given.get("name"):
            if given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1][1][given["name"]] = given.get("value") or ("on" if given.get("type") == "checkbox" else "")
        elif tag == "button" and self.forms and given.get("name") == "decision":
            self.forms[-1][1].setdefault("decision", "approve")


def go_through_pages(start, account, redirect_uri):
    """From the page of the MCP server over those of the host back to the client, as a person goes."""
    navigation = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    with httpx.Client(follow_redirects=False, headers=navigation) as browser:
        answer = browser.get(start, headers={"sec-fetch-site": "none"})
        for _ in range(20):
            if answer.is_redirect:
                url = str(answer.url.join(answer.headers["location"]))
                if url.startswith(redirect_uri):
                    return url
                answer = browser.get(url, headers={"sec-fetch-site": "cross-site"})
                continue
            known = [form for form in Forms(answer.text).forms if {"identifier", "password", "decision"} & set(form[1])]
            assert answer.status_code == 200 and known, f"{answer.url}: {answer.status_code} {answer.text[:300]}"
            action, fields = known[0]
            filled = {"identifier": account["handle"], "password": account["password"]}
            fields.update({name: value for name, value in filled.items() if name in fields})
            at = f"{answer.url.scheme}://{answer.url.netloc.decode()}"
            same = {"sec-fetch-site": "same-origin", "origin": at, "referer": str(answer.url)}
            answer = browser.post(answer.url.join(action), data=fields, headers=same)
    raise AssertionError("the pages never came to an end")


class Person(OAuth):
    """FastMCP's own sign-in, whose browser is this program."""

    async def redirect_handler(self, authorization_url):
        redirect_uri = str(self.context.client_metadata.redirect_uris[0])
        back = await asyncio.to_thread(go_through_pages, authorization_url, bob, redirect_uri)

        async def arrive():
            async with httpx.AsyncClient() as browser:
                for _ in range(100):
                    try:
                        return await browser.get(back)
                    except httpx.ConnectError:
                        await asyncio.sleep(0.1)

        # Its own page listens only after this.
        self.arriving = asyncio.create_task(arrive())


@check("signs in with nothing but the URL")
def _():
    async def signed_in():
        async with Client(StreamableHttpTransport(f"{ready['mcp_url']}/account", auth=Person())) as client:
            assert await call(client, "whoami") == {"handle": bob["handle"], "did": bob["did"]}
            assert (await call(client, "my_grants"))["kind"] == "oauth"

    asyncio.run(signed_in())


finish("mcp_client")
